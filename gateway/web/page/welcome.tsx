/** What stands where a reading will be. */
export function Welcome() {
  return (
    <section class="welcome" aria-labelledby="welcome-title">
      <svg viewBox="0 0 120 120" aria-hidden="true">
        <rect x="6" y="6" width="108" height="108" rx="8" />
        <path d="M60 20v84M60 34c-13-10-32-8-36 12M60 34c13-10 32-8 36 12M60 52c-13-10-32-8-38 14M60 52c13-10 32-8 38 14M60 70c-13-10-32-8-38 14M60 70c13-10 32-8 38 14" />
      </svg>
      <h2 id="welcome-title" tabIndex={-1}>
        Nothing is open
      </h2>
      <p>
        Send a chest radiograph, try the synthetic sample, or open one from the{' '}
        <a href="#/history">history</a>. The finding, a heatmap of where the model looked and the patient’s
        ICU risk are shown here.
      </p>
    </section>
  );
}
