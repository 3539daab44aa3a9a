import { type ErrorCode, isErrorCode } from '#common/errors.ts';
import type { AuditAction, AuditRow } from '../domain/audit.ts';
import type { Inference, ModelCard, StoredClassification } from '../domain/classification.ts';
import { JOB_PRIORITIES, type JobState, type StoredJob } from '../domain/job.ts';
import type { StoredRadiograph } from '../domain/radiograph.ts';

type Row = Record<string, unknown>;

export function toRadiograph(row: Row): StoredRadiograph {
  return {
    id: String(row.id),
    createdAt: Number(row.created_at),
    patientId: row.patient_id === null ? null : String(row.patient_id),
    format: row.format as StoredRadiograph['format'],
    width: Number(row.width),
    height: Number(row.height),
    originalAddress: String(row.original_address),
    rendering: JSON.parse(String(row.rendering)),
    dicom: row.dicom === null ? null : JSON.parse(String(row.dicom)),
    intakeKey: row.import_key === null ? null : String(row.import_key),
  };
}

export function toJob(row: Row): StoredJob {
  const code: ErrorCode = isErrorCode(row.error_code) ? row.error_code : 'INTERNAL';
  return {
    id: String(row.id),
    radiographId: String(row.radiograph_id),
    priority: JOB_PRIORITIES[Number(row.priority)] ?? 'ROUTINE',
    state: row.state as JobState,
    cancelRequested: row.cancel_requested === 1,
    version: Number(row.version),
    progress: Number(row.progress),
    attempts: Number(row.attempts),
    deaths: Number(row.deaths),
    faults: Number(row.faults),
    createdAt: Number(row.created_at),
    startedAt: row.started_at === null ? null : Number(row.started_at),
    finishedAt: row.finished_at === null ? null : Number(row.finished_at),
    error: row.error_code === null ? null : { code, message: String(row.error_message) },
    origin: { requestId: textOf(row.request_id), traceparent: textOf(row.traceparent) },
  };
}

const textOf = (value: unknown) => (value === null ? null : String(value));

export function toClassification(row: Row): StoredClassification {
  const inference = JSON.parse(String(row.inference)) as Omit<Inference, 'maps'>;
  return {
    radiographId: String(row.radiograph_id),
    inference: { ...inference, maps: Buffer.from(row.maps as Uint8Array) },
    model: JSON.parse(String(row.model)) as ModelCard,
    cached: row.cached === 1,
  };
}

export function toAuditRow(row: Row): AuditRow {
  return {
    sequence: Number(row.sequence),
    at: Number(row.at),
    actor: String(row.actor),
    action: row.action as AuditAction,
    target: String(row.target),
    outcome: row.outcome as AuditRow['outcome'],
    hash: String(row.hash),
  };
}
