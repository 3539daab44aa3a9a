import { useEffect } from 'preact/hooks';
import { DeleteButton } from './delete-button.tsx';
import { DicomDetails } from './dicom-details.tsx';
import { type Radiograph, READING } from './documents.ts';
import { ExplorerAnchor } from './explorer-anchor.tsx';
import { FaultNote } from './fault-note.tsx';
import { Findings } from './findings.tsx';
import { PatientRisk } from './patient-risk.tsx';
import { Pictures } from './pictures.tsx';
import { HOME, hashOf } from './route.ts';
import { useSession } from './session.ts';
import { useStore } from './store.ts';
import { useAnswer } from './use-answer.ts';
import { moment, TONES, verdictReason, verdictTitle } from './words.ts';

const LOOK_AGAIN_MS = 2_000;

/** One radiograph and all that is known of it. */
export function Reading({ id }: { id: string }) {
  const { data, faults, loading, again } = useAnswer(READING, { id });
  const radiograph = data?.radiograph;
  const unread = radiograph != null && radiograph.classification === null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer that still lacks the reading asks for the next
  useEffect(() => {
    if (!unread) return;
    const timer = setTimeout(again, LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [data, unread]);

  if (!radiograph)
    return (
      <section class="reading" aria-busy={loading}>
        <h2 tabIndex={-1}>Radiograph</h2>
        {loading ? (
          <Skeleton />
        ) : (
          <FaultNote fault={faults[0] ?? { code: 'NOT_FOUND', message: '' }} retry={again} />
        )}
      </section>
    );
  return (
    <section class="reading" aria-labelledby="reading-title">
      <ReadingHead radiograph={radiograph} />
      <VerdictBanner radiograph={radiograph} />
      <div class="columns">
        <Pictures radiograph={radiograph} renew={again} />
        <div class="facts">
          {radiograph.classification && <Findings classification={radiograph.classification} />}
          {radiograph.patient && <PatientRisk id={radiograph.patient.id} />}
          {radiograph.format === 'DICOM' && <DicomDetails id={id} />}
        </div>
      </div>
    </section>
  );
}

function Skeleton() {
  return (
    <div class="skeleton">
      <p>Loading the radiograph …</p>
      <div />
    </div>
  );
}

function ReadingHead({ radiograph }: { radiograph: Radiograph }) {
  const { list, show, said } = useSession();
  const { id, createdAt, format, width, height, patient } = radiograph;
  const entry = useStore(list).find(({ stage }) => stage.at === 'read' && stage.radiographId === id);
  const deleted = () => {
    list.update((now) => now.filter((one) => one !== entry));
    show(HOME);
    said.set('The radiograph is deleted.');
  };
  return (
    <header class="reading-head">
      <h2 id="reading-title" tabIndex={-1}>
        {entry?.name ?? 'Radiograph'}
      </h2>
      <p>
        {format}, {width} × {height} · received <time dateTime={createdAt}>{moment(createdAt)}</time>
        {patient && (
          <>
            {' · '}
            <a href={hashOf({ view: 'history', patientId: patient.id })}>patient {patient.id}</a>
          </>
        )}
      </p>
      <div class="actions">
        <ExplorerAnchor operation={READING} variables={{ id }} view="reading" />
        <DeleteButton id={id} name={entry?.name ?? 'this radiograph'} deleted={deleted} />
      </div>
    </header>
  );
}

function VerdictBanner({ radiograph: { classification } }: { radiograph: Radiograph }) {
  if (!classification)
    return (
      <p class="verdict tone-undecided">
        <strong>Not read yet</strong> It waits for the model, or its reading has failed. This page looks again
        by itself.
      </p>
    );
  return (
    <p class={`verdict tone-${TONES[classification.decision]}`}>
      <strong>{verdictTitle(classification)}</strong> {verdictReason(classification)}
    </p>
  );
}
