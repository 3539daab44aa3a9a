import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import type { GatewayContext } from '../context.ts';

// Into the page's own style element, which has a nonce: its policy lets no other style in.
const FIRST_RULE = '.fallback {';
const NOTE_RULE = `.note { position: fixed; right: 0; bottom: 0; z-index: 1; margin: 0; padding: 0.25em 0.75em;
          background: #fff; color: #333; font: 0.8em sans-serif; }`;
const NOTE =
  '<p class="note" role="note">Not for clinical use. Nothing to see here? <a href="/explorer">The explorer</a> works offline.</p>';

/** `GET /graphql` in a browser: Apollo Sandbox, also under NODE_ENV=production, without telemetry and bound to this
 *  endpoint. Its scripts come from its vendor; for where they cannot be had the page names the explorer that needs none. */
export function sandboxPage(): ApolloServerPlugin<GatewayContext> {
  const sandbox = ApolloServerPluginLandingPageLocalDefault({
    embed: { runTelemetry: false, endpointIsEditable: false },
  });
  return {
    async serverWillStart(server) {
      const listener = await sandbox.serverWillStart?.(server);
      return {
        async renderLandingPage() {
          const page = await listener?.renderLandingPage?.();
          if (!page) throw new Error('Apollo Sandbox has no page');
          const html = async () => {
            const text = typeof page.html === 'string' ? page.html : await page.html();
            return text
              .replace(FIRST_RULE, `${NOTE_RULE}\n        ${FIRST_RULE}`)
              .replace('</body>', `${NOTE}</body>`);
          };
          return { html };
        },
      };
    },
  };
}
