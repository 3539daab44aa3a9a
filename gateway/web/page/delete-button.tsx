import { useRef, useState } from 'preact/hooks';
import type { Fault } from './fault.ts';
import { FaultNote } from './fault-note.tsx';
import { DELETE } from './radiograph-operations.ts';
import { useSession } from './session.ts';

/** Deletes a radiograph once that was confirmed. */
export function DeleteButton({ id, name, deleted }: { id: string; name: string; deleted: () => void }) {
  const { graph } = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  const close = () => dialog.current?.close();
  const remove = async () => {
    setBusy(true);
    const { data, faults } = await graph.mutate(DELETE, { id });
    setBusy(false);
    const refusal = data?.radiographDelete?.userErrors[0] ?? faults[0];
    // Somebody else was quicker.
    if (refusal && refusal.code !== 'NOT_FOUND') return setFault(refusal);
    close();
    deleted();
  };
  return (
    <>
      <button
        type="button"
        class="quiet danger"
        onClick={() => {
          setFault(undefined);
          dialog.current?.showModal();
        }}
      >
        Delete
      </button>
      <dialog ref={dialog} aria-labelledby="delete-title">
        <h3 id="delete-title">Delete {name}?</h3>
        <p>The picture, its heatmaps and its reading are removed for good. This cannot be undone.</p>
        {fault && <FaultNote fault={fault} />}
        <div class="actions">
          <button type="button" class="quiet" onClick={close}>
            Keep
          </button>
          <button type="button" class="danger" disabled={busy} onClick={() => void remove()}>
            Delete for good
          </button>
        </div>
      </dialog>
    </>
  );
}
