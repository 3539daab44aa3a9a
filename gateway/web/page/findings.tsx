import { Bar } from './bar.tsx';
import type { Classification } from './radiograph-operations.ts';
import { percent, TONES } from './words.ts';

/** The model's probabilities, and which model gave them. */
export function Findings({ classification }: { classification: Classification }) {
  const { findings, finding, decision, threshold, cached, pool, model } = classification;
  const meaningless = classification.indeterminateReason === 'OUT_OF_DISTRIBUTION';
  return (
    <section class="card" aria-labelledby="findings-title">
      <h3 id="findings-title">Probabilities</h3>
      {meaningless && <p>For a picture like this one these numbers mean nothing.</p>}
      <ul class={meaningless ? 'bars meaningless' : 'bars'}>
        {findings.map(({ code, display, probability }) => {
          const isFirst = code === finding.code;
          return (
            <li key={code}>
              <span>{display}</span>
              <strong>{percent(probability)}</strong>
              <Bar
                share={probability}
                threshold={isFirst ? threshold : undefined}
                tone={isFirst ? `tone-${TONES[decision]}` : ''}
              />
              {isFirst && <small>Threshold {percent(threshold)}, marked on the bar</small>}
            </li>
          );
        })}
      </ul>
      <dl class="provenance">
        <dt>Model</dt>
        <dd>
          {model.name}, version {model.version}
        </dd>
        <dt>Run by</dt>
        <dd>
          {model.engine}
          {pool !== null && `, pool ${pool}`}
        </dd>
        <dt>Answer</dt>
        <dd>
          {cached ? 'from the cache: the same picture was read before' : 'computed for this radiograph'}
        </dd>
      </dl>
    </section>
  );
}
