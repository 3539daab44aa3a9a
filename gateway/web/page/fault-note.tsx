import { type Fault, isWorthATry } from './fault.ts';
import { faultWords } from './words.ts';

/** A fault in plain words. @param retry what to do again; offered where that makes sense */
export function FaultNote({ fault, retry }: { fault: Fault; retry?: (() => void) | undefined }) {
  const { title, detail } = faultWords(fault);
  return (
    <div class="fault" role="alert">
      <p>
        <strong>{title}.</strong> {detail}
      </p>
      {retry && (isWorthATry(fault) || fault.code === 'UNAUTHENTICATED') && (
        <button type="button" class="quiet" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
