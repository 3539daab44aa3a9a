import { store } from './store.ts';

export const APPEARANCES = ['system', 'light', 'dark'] as const;
export type Appearance = (typeof APPEARANCES)[number];

const KEY = 'radiograph:appearance';

/** The theme that was chosen; `system` follows the machine's. It outlives the page and says nothing of anybody. */
export const appearance = store<Appearance>(stored());

export function applyAppearance(): void {
  const chosen = appearance.get();
  document.documentElement.dataset.appearance = chosen;
  try {
    if (chosen === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // A browser that keeps nothing shows it for this once.
  }
}

function stored(): Appearance {
  try {
    const value = localStorage.getItem(KEY);
    return APPEARANCES.find((one) => one === value) ?? 'system';
  } catch {
    return 'system';
  }
}
