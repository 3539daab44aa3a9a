import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { FOLLOW } from './operations.ts';
import { type UploadSlot, uploadSlots } from './upload-slots.ts';
import { chooseFiles, useUploadState } from './upload-state.ts';

/** Where files are chosen for the variables of the operation in the editor; empty when it takes none. */
export function FilePanel() {
  const { schema, operations } = useGraphiQL(pick('schema', 'operations'));
  const { jobs } = useUploadState();
  const slots = (operations ?? []).flatMap((operation) => uploadSlots(schema ?? null, operation));
  if (slots.length === 0) return null;
  return (
    <section className="files" aria-label="Files">
      {slots.map((slot) => (
        <Slot key={slot.path} slot={slot} />
      ))}
      {jobs.map((id) => (
        <FollowButton key={id} id={id} />
      ))}
    </section>
  );
}

function Slot({ slot }: { slot: UploadSlot }) {
  const { chosen } = useUploadState();
  const files = chosen.get(slot.path)?.files ?? [];
  return (
    <div className="slot">
      <label>
        <code>
          ${slot.path}: {slot.declared}
        </code>
        <span className="button">{slot.many ? 'Choose files' : 'Choose a file'}</span>
        <input
          type="file"
          multiple={slot.many}
          onChange={({ currentTarget }) => chooseFiles(slot, [...(currentTarget.files ?? [])])}
        />
      </label>
      <output aria-label={`Chosen for ${slot.path}`}>
        {files.map(({ name, size }) => `${name} (${Math.ceil(size / 1024)} kB)`).join(', ') ||
          'no file chosen'}
      </output>
      {files.length > 0 ? (
        <button type="button" onClick={() => chooseFiles(slot, [])}>
          Clear
        </button>
      ) : (
        <button type="button" onClick={() => void chooseSample(slot)}>
          Synthetic sample
        </button>
      )}
    </div>
  );
}

async function chooseSample(slot: UploadSlot): Promise<void> {
  const sample = await fetch('/phantom.png');
  chooseFiles(slot, [new File([await sample.blob()], 'phantom.png', { type: 'image/png' })]);
}

function FollowButton({ id }: { id: string }) {
  const { addTab, run } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(pick('queryEditor', 'variableEditor'));
  const follow = () => {
    addTab();
    queryEditor?.setValue(FOLLOW);
    variableEditor?.setValue(JSON.stringify({ id }, null, 2));
    run();
  };
  return (
    <button type="button" onClick={follow} title={id}>
      Follow job {id.slice(0, 8)}
    </button>
  );
}
