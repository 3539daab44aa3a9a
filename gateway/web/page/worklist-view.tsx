import { useState } from 'preact/hooks';
import { ExplorerAnchor } from './explorer-anchor.tsx';
import type { Fault } from './fault.ts';
import { FaultNote } from './fault-note.tsx';
import { FOLLOW } from './job-operations.ts';
import { hashOf } from './route.ts';
import { useSession } from './session.ts';
import { useStore } from './store.ts';
import { faultWords, fileSize, jobWords, percent, TONES, verdictBrief } from './words.ts';
import { type Entry, isOver, progressOf, worklistWords } from './worklist.ts';

/** The files of this session in their order, each with how far it is. */
export function WorklistView({ selected }: { selected: string | null }) {
  const { list, sender, said } = useSession();
  const entries = useStore(list);
  if (entries.length === 0) return null;
  const clear = () => {
    sender.clear();
    said.set('What had ended is cleared.');
    // The button goes with what it cleared, and the list where nothing is left of it.
    document.getElementById(list.get().length > 0 ? 'worklist-title' : 'files')?.focus();
  };
  const followed = entries.find(({ stage }) => stage.at === 'underway')?.stage;
  return (
    <section class="card worklist" aria-labelledby="worklist-title">
      <div class="title">
        <h2 id="worklist-title" tabIndex={-1}>
          This session
        </h2>
        <span>{worklistWords(entries)}</span>
        {entries.some(isOver) && (
          <button type="button" class="plain" onClick={clear}>
            Clear<span class="unseen"> what has ended</span>
          </button>
        )}
      </div>
      <ol>
        {entries.map((entry) => (
          <WorklistItem key={entry.key} entry={entry} selected={selected} />
        ))}
      </ol>
      {followed?.at === 'underway' && (
        <ExplorerAnchor operation={FOLLOW} variables={{ id: followed.jobId }} view="progress of a job" />
      )}
    </section>
  );
}

function WorklistItem({ entry, selected }: { entry: Entry; selected: string | null }) {
  const { sender } = useSession();
  const [refusal, setRefusal] = useState<Fault>();
  const { key, name, bytes, patientId, stage } = entry;
  const cancel = async () => setRefusal(await sender.cancel(key));
  const current = stage.at === 'read' && stage.radiographId === selected;
  return (
    <li class={`at-${stage.at}${current ? ' current' : ''}`}>
      <div class="name">
        {stage.at === 'read' ? (
          <a
            href={hashOf({ view: 'reading', id: stage.radiographId })}
            aria-current={current ? 'true' : undefined}
          >
            {name}
          </a>
        ) : (
          <span>{name}</span>
        )}
        <small>
          {fileSize(bytes)}
          {patientId !== null && ` · patient ${patientId}`}
        </small>
      </div>
      <StageWords entry={entry} />
      {!isOver(entry) && (
        <>
          <progress max="1" value={progressOf(stage)} aria-label={`Progress of ${name}`} />
          <button type="button" class="plain" aria-label={`Cancel ${name}`} onClick={() => void cancel()}>
            Cancel
          </button>
        </>
      )}
      {stage.at === 'failed' && <FaultNote fault={stage.fault} retry={() => sender.retry(key)} />}
      {refusal && !isOver(entry) && <FaultNote fault={refusal} />}
    </li>
  );
}

function StageWords({ entry: { stage } }: { entry: Entry }) {
  switch (stage.at) {
    case 'waiting':
      return (
        <p class="stage">
          {stage.because
            ? `${faultWords(stage.because).title}: it is sent again in a moment`
            : 'Waiting to be sent'}
        </p>
      );
    case 'sending':
      return (
        <p class="stage">{stage.share < 1 ? `Sending, ${percent(stage.share)}` : 'Sent, being checked'}</p>
      );
    case 'underway':
      return <p class="stage">{jobWords(stage.job)}</p>;
    case 'read':
      return <p class={`stage tone-${TONES[stage.verdict.decision]}`}>{verdictBrief(stage.verdict)}</p>;
    case 'cancelled':
      return <p class="stage">Cancelled</p>;
    case 'failed':
      return null;
    default:
      return stage satisfies never;
  }
}
