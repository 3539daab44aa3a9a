import DataLoader from 'dataloader';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { RadiographError } from '#common/errors.ts';
import type {
  Features,
  IcuAssessment,
  IcuModel,
  IcuModelVersion,
  KnownPatient,
} from '../../domain/icu-model.ts';
import { numberOf, type Row } from './atelier-answer.ts';
import { digestOf, isAssessable } from './iris-columns.ts';
import { IrisFault } from './iris-fault.ts';
import { type IrisConfig, openIrisSql } from './iris-sql.ts';
import { irisTraining } from './iris-training.ts';
import { LARGEST_CHUNK, MODEL_NAME, modelStatements } from './statements.ts';
import { transientRows } from './transient-rows.ts';

/** How long it is taken for granted which version answers. */
const VERSION_KEPT_MS = 5_000;
/** A row that others change at the same time is not chased for ever. */
const MOST_ROUNDS = 3;
/** Statements of a derived table that an IRIS does not know: syntax, a term, or types of columns. */
const NO_DERIVED_TABLE = new Set([-1, -12, -193]);

/** In-database machine learning by InterSystems IRIS IntegratedML, over rows of its own that follow the clinical store.
 *  IRIS gives no reasons, and expects an admission from one half on, as its PREDICT does. */
export function irisEngine(config: IrisConfig, registry: Registry, logger: Logger, now = Date.now): IcuModel {
  const sql = openIrisSql(config, registry, logger);
  const statements = modelStatements(config.model);
  const transient = transientRows(sql, statements, now);
  let derivedTable = config.adHocSubselect;
  let answering: { version: Promise<string>; until: number } | undefined;

  const versionOf = (version: string): IcuModelVersion => ({
    ...{ name: config.model, version, digest: null, threshold: 0.5 },
    engine: 'InterSystems IRIS IntegratedML',
  });

  const readAnswering = async () => {
    const [row] = await sql.query(statements.answering);
    if (!row) throw new IrisFault('model-missing');
    const version = String(row.get('answering') ?? '');
    if (version === '') throw new IrisFault('untrained');
    if (!MODEL_NAME.test(version)) throw new IrisFault('protocol');
    return version;
  };

  /** Statements name the version, so that it is known which one gave an answer. */
  const answeringVersion = () => {
    if (answering && now() < answering.until) return answering.version;
    const asked = { version: readAnswering(), until: now() + VERSION_KEPT_MS };
    answering = asked;
    asked.version.catch(() => {
      if (answering === asked) answering = undefined;
    });
    return asked.version;
  };

  /** Once more with the version of now, when the one that answered has been removed in the meantime. */
  const withVersion = async <T>(work: (version: string) => Promise<T>): Promise<T> => {
    const version = await answeringVersion();
    try {
      return await work(version);
    } catch (error) {
      if (!(error instanceof IrisFault) || error.sqlcode !== -181) throw error;
      answering = undefined;
      const newer = await answeringVersion();
      if (newer === version) throw error;
      return await work(newer);
    }
  };

  /** The rows of patients. One that IRIS lacks, or that has other values than the store, is written first. */
  const rowsOf = async (
    patients: readonly KnownPatient[],
    version: string,
    round = 1,
  ): Promise<Map<KnownPatient, Row>> => {
    const ids = [...new Set(patients.map(({ id }) => id))];
    const rows = await sql.query(statements.assess(version, ids));
    const byId = new Map(rows.map((row) => [String(row.get('patient')), row]));
    const found = new Map<KnownPatient, Row>();
    for (const patient of patients) {
      const row = byId.get(patient.id);
      if (row?.get('rowdigest') === digestOf(patient.features)) found.set(patient, row);
    }
    const outdated = patients.filter((patient) => !found.has(patient));
    if (outdated.length === 0) return found;
    const absent = ids.filter((id) => !byId.has(id));
    // A stored row that does not come back is a fault of the prediction, never "no risk".
    const withheld = absent.length === 0 ? [] : await sql.query(statements.stored(absent));
    const faulty = new Set(withheld.map((row) => String(row.get('patient'))));
    const writable = outdated.filter(({ id }) => !faulty.has(id));
    if (writable.length === 0 || round === MOST_ROUNDS) return found;
    for (const patient of writable) await sql.query(statements.store(patient));
    return new Map([...found, ...(await rowsOf(writable, version, round + 1))]);
  };

  /** One statement for all who are asked for at the same moment, by whichever operations. */
  const known = new DataLoader<KnownPatient, IcuAssessment>(
    (patients) =>
      withVersion(async (version) => {
        const rows = await rowsOf(patients, version);
        return patients.map((patient) => {
          // The fault of one is no reason to leave the others without an answer.
          const assessment = assessmentOf(rows.get(patient), versionOf(version));
          return assessment ?? new IrisFault('protocol');
        });
      }),
    { cache: false, maxBatchSize: LARGEST_CHUNK },
  );

  const assessValues = async (version: string, features: Features): Promise<Row[]> => {
    if (!derivedTable) return transient.predict(version, features);
    try {
      return await sql.query(statements.assessValues(version, features));
    } catch (error) {
      if (!(error instanceof IrisFault) || !NO_DERIVED_TABLE.has(error.sqlcode ?? 0)) throw error;
      derivedTable = false;
      logger.warn(
        { sqlcode: error.sqlcode },
        'This IRIS does not predict from a derived table; rows are used',
      );
      return transient.predict(version, features);
    }
  };

  return {
    async versions() {
      const [version, rows] = await Promise.all([answeringVersion(), sql.query(statements.trained)]);
      const others = rows.map((row) => String(row.get('version'))).filter((one) => one !== version);
      return [version, ...others].map(versionOf);
    },
    assessKnown: (patients) =>
      Promise.all(
        patients.map(async (patient) =>
          isAssessable(patient.features) ? known.load(patient).catch(faultOf) : null,
        ),
      ),
    async assessUnknown(features) {
      if (!isAssessable(features))
        throw new RadiographError('ICU_UNAVAILABLE', 'The ICU model knows none of these observations');
      return withVersion(async (version) => {
        const [row] = await assessValues(version, features);
        const assessment = assessmentOf(row, versionOf(version));
        if (!assessment) throw new IrisFault('protocol');
        return assessment;
      });
    },
    async patientChanged(patient) {
      if (isAssessable(patient.features)) await sql.query(statements.store(patient));
    },
    ...irisTraining(
      sql,
      config.model,
      statements,
      versionOf,
      () => {
        answering = undefined;
      },
      now,
    ),
    async [Symbol.asyncDispose]() {
      transient[Symbol.dispose]();
      await sql[Symbol.asyncDispose]();
    },
  };
}

/** @throws what is no fault of the engine */
function faultOf(error: unknown): RadiographError {
  if (error instanceof RadiographError) return error;
  throw error;
}

/** Undefined for a prediction that failed while rows were fetched, which comes as no row or as NULL. */
function assessmentOf(row: Row | undefined, model: IcuModelVersion): IcuAssessment | undefined {
  const probability = numberOf(row?.get('probability'));
  const predicted = numberOf(row?.get('predicted'));
  const isSound = probability !== null && probability >= 0 && probability <= 1;
  return isSound && (predicted === 0 || predicted === 1) ? { probability, model, reasons: [] } : undefined;
}
