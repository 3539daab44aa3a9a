import type { Store } from './store.ts';
import { isUnsent, type Worklist } from './worklist.ts';

/** Has the browser ask before the page is left while files are in this page alone. */
export function guardLeaving(list: Store<Worklist>): void {
  const ask = (event: BeforeUnloadEvent) => event.preventDefault();
  // Not for good: some browsers never keep a page that listens for the way back to it.
  const guard = () => {
    if (list.get().some(isUnsent)) addEventListener('beforeunload', ask);
    else removeEventListener('beforeunload', ask);
  };
  list.listen(guard);
}
