import { useState } from 'preact/hooks';
import { ExplorerAnchor } from './explorer-anchor.tsx';
import { FaultNote } from './fault-note.tsx';
import { GraphImage } from './graph-image.tsx';
import { HISTORY, type Past } from './history-operation.ts';
import { PatientRisk } from './patient-risk.tsx';
import { hashOf, type Route } from './route.ts';
import { useAnswer } from './use-answer.ts';
import { moment, TONES, unreadWords, verdictBrief } from './words.ts';

const PAGE_SIZE = 12;

type HistoryRoute = Extract<Route, { view: 'history' }>;

/** Radiographs that were sent before, newest first, in pages; of one patient where that is asked for. */
export function History({ patientId, ends }: Pick<HistoryRoute, 'patientId' | 'ends'>) {
  const turn = (next: readonly string[]) => {
    location.hash = hashOf({ view: 'history', patientId, ends: next });
  };
  const variables = { first: PAGE_SIZE, after: ends.at(-1) ?? null, patientId };
  const { data, faults, loading, again } = useAnswer(HISTORY, variables);
  const page = data?.radiographs;
  const { hasNextPage = false, endCursor = null } = page?.pageInfo ?? {};
  return (
    <>
      <section class="history" aria-labelledby="history-title" aria-busy={loading}>
        <header>
          <h1 id="history-title" tabIndex={-1}>
            {patientId === null ? 'History' : `Radiographs of patient ${patientId}`}
          </h1>
          <PatientFilter patientId={patientId} />
        </header>
        {loading && !page && <p>Loading the history …</p>}
        {!loading && faults[0] && <FaultNote fault={faults[0]} retry={again} />}
        {page?.nodes.length === 0 && (
          <p class="empty">
            {patientId === null
              ? 'No radiograph was sent yet.'
              : 'No radiograph of this patient was sent yet.'}{' '}
            <a href="#/">Send one</a>.
          </p>
        )}
        <ul class="tiles">
          {page?.nodes.map((past) => (
            <Tile key={past.id} past={past} renew={again} />
          ))}
        </ul>
        <nav class="paging" aria-label="Pages of the history">
          <button
            type="button"
            class="quiet"
            disabled={ends.length === 0 || loading}
            onClick={() => turn(ends.slice(0, -1))}
          >
            Newer
          </button>
          <span aria-live="polite">Page {ends.length + 1}</span>
          <button
            type="button"
            class="quiet"
            disabled={!hasNextPage || loading}
            onClick={() => endCursor !== null && turn([...ends, endCursor])}
          >
            Older
          </button>
        </nav>
        <ExplorerAnchor operation={HISTORY} variables={variables} view="history" />
      </section>
      {patientId !== null && <PatientRisk id={patientId} heading="h2" />}
    </>
  );
}

function PatientFilter({ patientId }: { patientId: string | null }) {
  const [typed, setTyped] = useState(patientId ?? '');
  return (
    <form
      class="filter"
      onSubmit={(event) => {
        event.preventDefault();
        location.hash = hashOf({ view: 'history', patientId: typed.trim() || null, ends: [] });
      }}
    >
      <label for="filter">Patient</label>
      <input
        id="filter"
        autoComplete="off"
        maxLength={128}
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <button type="submit" class="quiet">
        Filter
      </button>
      {patientId !== null && <a href="#/history">Show all</a>}
    </form>
  );
}

function Tile({ past, renew }: { past: Past; renew: () => void }) {
  const { id, createdAt, format, patient, image, classification, job } = past;
  return (
    <li>
      <a href={hashOf({ view: 'reading', id })}>
        <GraphImage image={image} alt="" loading="lazy" renew={renew} />
        <span class={`tile-verdict tone-${classification ? TONES[classification.decision] : 'undecided'}`}>
          {classification ? verdictBrief(classification) : unreadWords(job).title}
        </span>
        <small>
          <time dateTime={createdAt}>{moment(createdAt)}</time> · {format}
          {patient && ` · patient ${patient.id}`}
        </small>
      </a>
    </li>
  );
}
