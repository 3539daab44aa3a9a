import { Bar } from './bar.tsx';
import { ExplorerAnchor } from './explorer-anchor.tsx';
import { FaultNote } from './fault-note.tsx';
import { type IcuReason, type IcuRisk, PATIENT } from './patient-operations.ts';
import { useAnswer } from './use-answer.ts';
import { measured, moment, percent, signed } from './words.ts';

/** A patient's ICU risk and its reasons. Where it is not to be had, it says so; all else goes on without it. */
export function PatientRisk({ id, heading: Heading = 'h3' }: { id: string; heading?: 'h2' | 'h3' }) {
  const { data, faults, loading, again } = useAnswer(PATIENT, { id });
  const risk = data?.patient?.icuRisk;
  const units = new Map(data?.observationTypes?.map(({ code, unit }) => [code, unit]));
  return (
    <section class="card risk" aria-labelledby="risk-title" aria-busy={loading}>
      <Heading id="risk-title">ICU risk of patient {id}</Heading>
      {loading && !data && <p>Loading …</p>}
      {risk && <Risk risk={risk} units={units} />}
      {!loading && !risk && (
        <WithoutRisk id={id} known={data?.patient != null} certain={faults.length === 0} />
      )}
      {!loading && faults[0] && <FaultNote fault={faults[0]} retry={again} />}
      <ExplorerAnchor operation={PATIENT} variables={{ id }} view="ICU risk" />
    </section>
  );
}

function WithoutRisk({ id, known, certain }: { id: string; known: boolean; certain: boolean }) {
  if (!certain) return <p>The risk is unavailable. The radiograph’s reading does not depend on it.</p>;
  return known ? (
    <p>
      No risk is known: nothing that the model needs was measured. The radiograph’s reading does not depend on
      it.
    </p>
  ) : (
    <p>
      The clinical database knows no patient {id}, so there is no risk. The radiograph’s reading does not
      depend on it.
    </p>
  );
}

function Risk({ risk, units }: { risk: IcuRisk; units: ReadonlyMap<string, string> }) {
  const { probability, willBeAdmitted, threshold, window, caution, assessedAt, model, reasons } = risk;
  const widest = Math.max(...reasons.map(({ contribution }) => Math.abs(contribution)), Number.EPSILON);
  return (
    <>
      <p class="figure">
        <strong>{percent(probability)}</strong>{' '}
        {willBeAdmitted
          ? `reaches the threshold of ${percent(threshold)}: an admission to the ICU is expected.`
          : `is below the threshold of ${percent(threshold)}: no admission to the ICU is expected.`}
      </p>
      <Bar
        share={probability}
        threshold={threshold}
        tone={willBeAdmitted ? 'tone-positive' : 'tone-negative'}
      />
      {caution !== null && (
        <p>
          <strong>{caution}</strong>
        </p>
      )}
      {reasons.length > 0 && (
        <>
          <p class="caption">What moves it most</p>
          <ul class="reasons">
            {reasons.map((reason) => (
              <Reason key={reason.code} reason={reason} unit={units.get(reason.code)} widest={widest} />
            ))}
          </ul>
          <small>
            In log-odds against the average patient: to the right raises the risk, to the left lowers it.
          </small>
        </>
      )}
      <dl class="provenance">
        <dt>Model</dt>
        <dd>
          {model.name}, version {model.version}
        </dd>
        {window !== null && (
          <>
            <dt>Measured over</dt>
            <dd>{window}</dd>
          </>
        )}
        <dt>Assessed</dt>
        <dd>
          <time dateTime={assessedAt}>{moment(assessedAt)}</time>
        </dd>
      </dl>
    </>
  );
}

function Reason({ reason, unit, widest }: { reason: IcuReason; unit: string | undefined; widest: number }) {
  const { display, value, contribution } = reason;
  const raises = contribution > 0;
  const half = (Math.abs(contribution) / widest) * 50;
  return (
    <li>
      <span>
        {display} <small>{measured(value, unit)}</small>
      </span>
      <strong>
        {signed(contribution)}
        <span class="unseen"> {raises ? 'raises the risk' : 'lowers the risk'}</span>
      </strong>
      <div class="signed" aria-hidden="true">
        <div
          class={raises ? 'raises' : 'lowers'}
          style={{ width: `${half}%`, left: `${raises ? 50 : 50 - half}%` }}
        />
      </div>
    </li>
  );
}
