import { useEffect } from 'preact/hooks';
import { ChooseAgain } from './choose-again.tsx';
import { DeleteButton } from './delete-button.tsx';
import { DicomDetails } from './dicom-details.tsx';
import { ExplorerAnchor } from './explorer-anchor.tsx';
import { isWorthATry } from './fault.ts';
import { FaultNote } from './fault-note.tsx';
import { Findings } from './findings.tsx';
import { focusHeading } from './focus-heading.ts';
import { PatientRisk } from './patient-risk.tsx';
import { Pictures } from './pictures.tsx';
import { type Classification, type Radiograph, READING } from './radiograph-operations.ts';
import { HOME, hashOf } from './route.ts';
import { useSession } from './session.ts';
import { useStore } from './store.ts';
import { hasFailed, useReading } from './use-reading.ts';
import { moment, TONES, unreadWords, verdictReason, verdictTitle } from './words.ts';
import { ofRadiograph, withoutRadiograph } from './worklist.ts';

/** One radiograph and all that is known of it. */
export function Reading({ id }: { id: string }) {
  const { list } = useSession();
  const { radiograph, fault, loading, again } = useReading(id);
  const gone = !radiograph && (fault?.code === 'GONE' || fault?.code === 'NOT_FOUND') && !loading;
  useEffect(() => {
    if (!gone) return;
    list.update((now) => withoutRadiograph(now, id));
    if (document.activeElement === document.body) focusHeading();
  }, [gone, list, id]);

  return (
    <section class="reading" aria-labelledby="reading-title" aria-busy={loading}>
      <ReadingHead id={id} radiograph={radiograph} />
      {fault && (radiograph || !loading) && <FaultNote fault={fault} retry={again} />}
      {radiograph && <Contents radiograph={radiograph} renew={again} />}
      {!radiograph && loading && <Skeleton />}
    </section>
  );
}

function Contents({ radiograph, renew }: { radiograph: Radiograph; renew: () => void }) {
  const { id, classification, patient, format } = radiograph;
  return (
    <>
      {classification ? (
        <VerdictBanner classification={classification} />
      ) : (
        <Unread radiograph={radiograph} />
      )}
      <div class="columns">
        <Pictures radiograph={radiograph} renew={renew} />
        <div class="facts">
          {classification && <Findings classification={classification} />}
          {patient && <PatientRisk id={patient.id} />}
          {format === 'DICOM' && <DicomDetails id={id} renew={renew} />}
        </div>
      </div>
    </>
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

/** The heading is there before the radiograph is: whoever came to it stays there. */
function ReadingHead({ id, radiograph }: { id: string; radiograph: Radiograph | undefined }) {
  const { list, said } = useSession();
  const entry = useStore(list).find(ofRadiograph(id));
  const deleted = () => {
    list.update((now) => withoutRadiograph(now, id));
    said.set(`${entry?.name ?? 'The radiograph'} is deleted.`);
    // There is no way back to it.
    location.replace(hashOf(HOME));
  };
  return (
    <header class="reading-head">
      <h2 id="reading-title" tabIndex={-1}>
        {entry?.name ?? 'Radiograph'}
      </h2>
      {radiograph && (
        <>
          <Origin radiograph={radiograph} />
          <div class="actions">
            <ExplorerAnchor operation={READING} variables={{ id }} view="reading" />
            <DeleteButton id={id} name={entry?.name ?? 'this radiograph'} deleted={deleted} />
          </div>
        </>
      )}
    </header>
  );
}

function Origin({ radiograph: { format, width, height, createdAt, patient } }: { radiograph: Radiograph }) {
  return (
    <p>
      {format}, {width} × {height} · received <time dateTime={createdAt}>{moment(createdAt)}</time>
      {patient && (
        <>
          {' · '}
          <a href={hashOf({ view: 'history', patientId: patient.id, ends: [] })}>patient {patient.id}</a>
        </>
      )}
    </p>
  );
}

function Unread({ radiograph: { job, patient } }: { radiograph: Radiograph }) {
  const { title, detail } = unreadWords(job);
  const again = hasFailed(job) && (!job?.error || isWorthATry(job.error));
  return (
    <div class="verdict tone-undecided">
      <p>
        <strong>{title}</strong> {detail}
      </p>
      {again && <ChooseAgain patientId={patient?.id ?? null} />}
    </div>
  );
}

function VerdictBanner({ classification }: { classification: Classification }) {
  return (
    <p class={`verdict tone-${TONES[classification.decision]}`}>
      <strong>{verdictTitle(classification)}</strong> {verdictReason(classification)}
    </p>
  );
}
