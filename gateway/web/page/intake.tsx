import { useState } from 'preact/hooks';
import { ExplorerAnchor } from './explorer-anchor.tsx';
import type { Fault } from './fault.ts';
import { FaultNote } from './fault-note.tsx';
import { FileInput } from './file-input.tsx';
import { given } from './given.ts';
import { PRIORITIES, UPLOAD } from './job-operations.ts';
import { PATIENTS } from './patient-operations.ts';
import { sample } from './sample.ts';
import { useSession } from './session.ts';
import { useStore } from './store.ts';
import { useAnswer } from './use-answer.ts';

const URGENCIES = { ROUTINE: 'Routine', URGENT: 'Urgent', STAT: 'At once (STAT)' } as const;
const MOST_PATIENTS = { first: 100 };

/** Where radiographs are handed in. */
export function Intake() {
  const { sender } = useSession();
  const { patientId, priority } = useStore(given);
  const [fault, setFault] = useState<Fault>();
  const send = (files: readonly File[]) => sender.add(files, given.get());
  const sendSample = async () => {
    const taken = await sample();
    setFault('fault' in taken ? taken.fault : undefined);
    if ('file' in taken) send([taken.file]);
  };
  return (
    <section class="card intake" aria-labelledby="intake-title">
      <h2 id="intake-title">Send radiographs</h2>
      <PatientChoice />
      <div class="field">
        <label for="priority">Urgency</label>
        <select
          id="priority"
          value={priority}
          onChange={({ currentTarget }) =>
            given.update((now) => ({
              ...now,
              priority: PRIORITIES.find((one) => one === currentTarget.value) ?? 'ROUTINE',
            }))
          }
        >
          {PRIORITIES.map((one) => (
            <option key={one} value={one}>
              {URGENCIES[one]}
            </option>
          ))}
        </select>
      </div>
      <label class="drop-zone" for="files">
        <FileInput id="files" multiple chosen={send} />
        <span class="button">Choose radiographs</span>
        <span>
          or drop files or folders anywhere on the page. JPEG, PNG or DICOM, as many as you like; they are
          sent at once.
        </span>
      </label>
      <div class="actions">
        <button type="button" class="quiet" onClick={() => void sendSample()}>
          Try the synthetic sample
        </button>
        <ExplorerAnchor operation={UPLOAD} variables={{ files: [], patientId, priority }} view="upload" />
      </div>
      {fault && <FaultNote fault={fault} retry={() => void sendSample()} />}
    </section>
  );
}

function PatientChoice() {
  const { patientId } = useStore(given);
  // Whoever may not read patients types an id all the same.
  const { data } = useAnswer(PATIENTS, MOST_PATIENTS);
  const known = data?.patients.nodes ?? [];
  return (
    <div class="field">
      <label for="patient">Patient</label>
      <input
        id="patient"
        list="patients"
        maxLength={128}
        autoComplete="off"
        aria-describedby="patient-hint"
        value={patientId ?? ''}
        onInput={({ currentTarget }) =>
          given.update((now) => ({ ...now, patientId: currentTarget.value.trim() || null }))
        }
      />
      <datalist id="patients">
        {known.map(({ id }) => (
          <option key={id} value={id} />
        ))}
      </datalist>
      <small id="patient-hint">
        Optional: an id of the clinical database{known[0] ? `, such as ${known[0].id}` : ''}. Its ICU risk is
        shown beside the reading.
      </small>
    </div>
  );
}
