/* global SwaggerUIBundle */

// Swagger UI has dark colours, and a switch for them in a bar that is not shown here.
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

// What Swagger UI leaves out and no component of it can be given.
const complete = () => {
  // What scrolls has to be reached with the keyboard.
  for (const code of document.querySelectorAll('.microlight:not([tabindex])')) code.tabIndex = 0;
  for (const button of document.querySelectorAll('.close-modal:not([aria-label])'))
    button.ariaLabel = 'Close';
  // Whoever speaks to the page says what stands on the button.
  for (const button of document.querySelectorAll('.auth-btn-wrapper [aria-label]')) button.ariaLabel = null;
};
new MutationObserver(complete).observe(document.body, { childList: true, subtree: true });

const withoutBarriers = ({ React }) => ({
  wrapComponents: {
    // A link within the button that opens an operation; the address follows the button all the same.
    DeepLink:
      () =>
      ({ text }) =>
        React.createElement('span', null, text),
    // A list without a name, to choose from one gateway.
    ServersContainer: () => () => null,
  },
});

globalThis.SwaggerUIBundle({
  url: '/docs/openapi.json',
  dom_id: '#routes',
  deepLinking: true,
  plugins: [withoutBarriers],
  syntaxHighlight: { theme: 'obsidian' },
  // It would send the address of the document to its vendor.
  validatorUrl: null,
});
