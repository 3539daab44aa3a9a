import { APPEARANCES, appearance } from './appearance.ts';
import type { Route } from './route.ts';
import { useStore } from './store.ts';

export function Header({ view }: { view: Route['view'] }) {
  return (
    <header class="top">
      <div class="bar">
        <a class="brand" href="#/">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M16 4v24M16 9c-4-3-9-2-10 3M16 9c4-3 9-2 10 3M16 15c-4-3-9-2-10 3M16 15c4-3 9-2 10 3M16 21c-4-3-9-2-10 3M16 21c4-3 9-2 10 3" />
          </svg>
          Radiograph
        </a>
        <nav aria-label="Pages">
          <a href="#/" aria-current={view === 'reading' ? 'page' : undefined}>
            Read
          </a>
          <a href="#/history" aria-current={view === 'history' ? 'page' : undefined}>
            History
          </a>
          <a href="/explorer">Explorer</a>
        </nav>
        <AppearanceChoice />
      </div>
      <p class="warning" role="note">
        <strong>Not for clinical use.</strong>{' '}
        <span>Demonstration models, not approved as a medical device.</span>
      </p>
    </header>
  );
}

function AppearanceChoice() {
  const chosen = useStore(appearance);
  return (
    <select
      class="appearance"
      aria-label="Appearance"
      value={chosen}
      onChange={({ currentTarget }) => {
        const next = APPEARANCES.find((one) => one === currentTarget.value);
        if (next) appearance.set(next);
      }}
    >
      <option value="system">System theme</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  );
}
