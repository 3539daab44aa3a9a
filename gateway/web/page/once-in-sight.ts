/** Far less than what is waited for where it matters. */
const TICK_MS = 15_000;

/** Does something once, when so much time is over and the page is in sight: nobody is asked for what nobody looks at.
 *  By the clock on the wall, since timers stand still while the machine sleeps. @returns what ends the waiting */
export function onceInSight(ms: number, act: () => void): () => void {
  const start = Date.now();
  const look = () => {
    const gone = Date.now() - start;
    // Less than nothing: the clock was set back.
    if ((gone >= 0 && gone < ms) || document.visibilityState === 'hidden') return;
    end();
    act();
  };
  const timer = setInterval(look, Math.min(ms, TICK_MS));
  document.addEventListener('visibilitychange', look);
  const end = () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', look);
  };
  return end;
}
