import { useRef } from 'preact/hooks';
import { FileInput } from './file-input.tsx';
import { given } from './given.ts';
import { useSession } from './session.ts';

/** Sends a radiograph that was not read once more. Its patient goes with this one file alone: the form is for others. */
export function ChooseAgain({ patientId }: { patientId: string | null }) {
  const { sender } = useSession();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <FileInput hidden input={input} chosen={(files) => sender.add(files, { ...given.get(), patientId })} />
      <button type="button" class="quiet" onClick={() => input.current?.click()}>
        Choose the file again
      </button>
    </>
  );
}
