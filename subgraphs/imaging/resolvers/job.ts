import { RadiographError } from '#common/errors.ts';
import { type UserError, userError } from '#common/errors-in-graphql.ts';
import type { Context } from '../context.ts';
import type { IntakeOrder } from '../domain/intake.ts';
import { uploadKey } from '../domain/intake-key.ts';
import { hasEnded, type StoredJob } from '../domain/job.ts';
import type { Resolvers } from '../generated/resolvers.ts';
import { checkedIdempotencyKey } from './checked-idempotency-key.ts';
import { checkedPatient } from './checked-patient.ts';

const MOST_FILES = 50;

export const jobResolvers: Resolvers = {
  Job: {
    __resolveReference: async ({ id }, context) => (await context.jobs.load(id)) ?? null,
    createdAt: ({ createdAt }) => new Date(createdAt).toISOString(),
    startedAt: ({ startedAt }) => (startedAt === null ? null : new Date(startedAt).toISOString()),
    finishedAt: ({ finishedAt }) => (finishedAt === null ? null : new Date(finishedAt).toISOString()),
    radiograph: async ({ radiographId }, _args, context) =>
      (await context.radiographs.load(radiographId)) ?? null,
  },

  Query: {
    job: async (_parent, { id }, context) => (await context.jobs.load(id)) ?? null,
  },

  Mutation: {
    async radiographUpload(_parent, { input }, context) {
      const patientId = checkedPatient(input.patientId);
      const key = checkedIdempotencyKey(input.idempotencyKey);
      const count = input.files.length;
      if (count < 1 || count > MOST_FILES) {
        const message = `Expected 1 to ${MOST_FILES} files, got ${count}`;
        return { jobs: [], userErrors: [{ code: 'BAD_USER_INPUT', message, field: ['input', 'files'] }] };
      }
      const order = { patientId, priority: input.priority ?? 'ROUTINE', actor: context.actor };
      const taken = await Promise.all(
        input.files.map((file, index) => {
          const intakeKey = key === null ? null : uploadKey(context.actor, key, index);
          return takeFile(context, file, { ...order, intakeKey }, ['input', 'files', index]);
        }),
      );
      // Nothing was taken for want of room: no fault of the files.
      const [first] = taken;
      if (first?.overload && taken.every(({ overload }) => overload)) throw first.overload;
      return {
        jobs: taken.flatMap(({ job }) => job ?? []),
        userErrors: taken.flatMap(({ refusal }) => refusal ?? []),
      };
    },

    async radiographClassify(_parent, { input }, context) {
      const patientId = checkedPatient(input.patientId);
      const key = checkedIdempotencyKey(input.idempotencyKey);
      const intakeKey = key === null ? null : uploadKey(context.actor, key, 0);
      // Its caller waits for the answer.
      const order = { patientId, priority: 'URGENT', actor: context.actor, intakeKey } as const;
      const { job, refusal, overload } = await takeFile(context, input.file, order, ['input', 'file']);
      if (overload) throw overload;
      if (!job) return { radiograph: null, userErrors: refusal ? [refusal] : [] };
      const ended = hasEnded(job) ? job : await finalState(context, job);
      if (ended.state === 'CANCELLED') {
        const message = 'Its job was cancelled';
        return { radiograph: null, userErrors: [{ code: 'NOT_FOUND', message, field: null }] };
      }
      if (ended.error) {
        const error = new RadiographError(ended.error.code, ended.error.message);
        if (ended.error.code !== 'UNSUPPORTED_IMAGE') throw error;
        return { radiograph: null, userErrors: [userError(error, ['input', 'file'])] };
      }
      return { radiograph: (await context.radiographs.load(job.radiographId)) ?? null, userErrors: [] };
    },

    async jobCancel(_parent, { input }, context) {
      const job = await context.cancel(input.id, context.actor);
      const refused = (code: string, message: string) => ({
        job: job ?? null,
        userErrors: [{ code, message, field: ['input', 'id'] }],
      });
      if (!job) return refused('NOT_FOUND', 'There is no job with this id');
      if (job.state === 'CANCELLED' || job.cancelRequested) return { job, userErrors: [] };
      return refused('BAD_USER_INPUT', `Expected a job that has not ended, got one that is ${job.state}`);
    },
  },

  Subscription: {
    jobStatus: {
      async subscribe(_parent, { id }, context) {
        // Refused before the stream opens: a stream that throws takes its whole connection with it.
        if (!(await context.jobs.load(id)))
          throw new RadiographError('NOT_FOUND', 'There is no job with this id');
        return { [Symbol.asyncIterator]: () => context.jobChanges(id) };
      },
      resolve: (job: StoredJob, _args: unknown, context: Context) => {
        // The loaders of a subscription live on over its events: what they remember may be out of date.
        context.jobs.clearAll();
        context.radiographs.clearAll();
        context.radiographJobs.clearAll();
        context.classifications.clearAll();
        return job;
      },
    },
  },
};

async function takeFile(
  context: Context,
  file: string,
  order: IntakeOrder,
  field: (string | number)[],
): Promise<{ job?: StoredJob; refusal?: UserError; overload?: RadiographError }> {
  try {
    return { job: await context.intake(file, order) };
  } catch (error) {
    const refusal = userError(error, field);
    return error instanceof RadiographError && error.code === 'OVERLOADED'
      ? { refusal, overload: error }
      : { refusal };
  }
}

/** Waits for the end of a job. The job itself goes on when the caller's time is up. */
async function finalState(context: Context, job: StoredJob): Promise<StoredJob> {
  const changes = context.jobChanges(job.id);
  const stop = () => void changes.return?.();
  context.signal.addEventListener('abort', stop, { once: true });
  // The time may have run out while the file was decoded: a signal that has aborted tells nobody again.
  if (context.signal.aborted) stop();
  let last = job;
  try {
    for await (last of changes) if (hasEnded(last)) return last;
  } finally {
    context.signal.removeEventListener('abort', stop);
  }
  // The cause of the attempts so far says more than the clock does, or than the end of the service.
  const { reason } = context.signal;
  const code = last.error?.code ?? (reason instanceof RadiographError ? reason.code : 'DEADLINE_EXCEEDED');
  const message = last.error?.message ?? 'The radiograph is not classified yet';
  throw new RadiographError(code, `${message}; its job goes on`);
}
