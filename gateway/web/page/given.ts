import type { Priority } from './job-operations.ts';
import { store } from './store.ts';

/** What is said of the files that come next. */
export const given = store<{ patientId: string | null; priority: Priority }>({
  patientId: null,
  priority: 'ROUTINE',
});
