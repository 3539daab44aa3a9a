import { type Fault, UNREACHABLE } from './fault.ts';

/** The synthetic sample: nobody's radiograph. */
export async function sample(): Promise<{ file: File } | { fault: Fault }> {
  try {
    const answer = await fetch('/phantom.png');
    if (!answer.ok) return { fault: UNREACHABLE };
    return { file: new File([await answer.blob()], 'Synthetic sample.png', { type: 'image/png' }) };
  } catch {
    return { fault: UNREACHABLE };
  }
}
