import { useState } from 'preact/hooks';
import { focusHeading } from './focus-heading.ts';
import { useSession } from './session.ts';
import { useStore } from './store.ts';

/** Asks for a bearer token when the gateway does. */
export function SignIn() {
  const { credentials, signIn } = useSession();
  const refused = useStore(credentials.refused);
  const had = useStore(credentials.token);
  const [typed, setTyped] = useState('');
  if (!refused) return null;
  return (
    <form
      class="strip sign-in"
      aria-label="Sign in"
      onSubmit={(event) => {
        event.preventDefault();
        signIn(typed.trim().replace(/^Bearer\s+/i, ''));
        setTyped('');
        focusHeading();
      }}
    >
      <label for="token">
        {had === null
          ? 'This server asks who you are. Access token:'
          : 'The token is not valid, or not any more. Another access token:'}
      </label>
      <input
        id="token"
        type="password"
        required
        autoComplete="off"
        spellcheck={false}
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <button type="submit">Use token</button>
      <small>It is kept in this page alone and gone when the page is closed.</small>
    </form>
  );
}
