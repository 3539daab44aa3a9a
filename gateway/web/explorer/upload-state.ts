import { useSyncExternalStore } from 'react';
import type { ChosenFiles } from './multipart-body.ts';
import type { UploadSlot } from './upload-slots.ts';

/** What the file panel and the requests share: files cannot live in GraphiQL's editors, which hold text. */
export type UploadState = {
  /** Chosen files by the path of their slot. */
  readonly chosen: ReadonlyMap<string, ChosenFiles>;
  /** The jobs of the last upload. */
  readonly jobs: readonly string[];
};

let state: UploadState = { chosen: new Map(), jobs: [] };
const listeners = new Set<() => void>();

function change(next: Partial<UploadState>): void {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

export function chooseFiles(slot: UploadSlot, files: readonly File[]): void {
  const chosen = new Map(state.chosen);
  if (files.length > 0) chosen.set(slot.path, { slot, files });
  else chosen.delete(slot.path);
  change({ chosen });
}

export function showJobs(jobs: readonly string[]): void {
  change({ jobs });
}

export function uploadState(): UploadState {
  return state;
}

export function useUploadState(): UploadState {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, uploadState);
}
