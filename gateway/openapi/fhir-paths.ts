import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '#common/errors.ts';
import { PATIENT_ID, PATIENT_ID_WANTED } from '../fhir/patient-risk.ts';
import {
  answer,
  type JsonSchema,
  jsonSchema,
  OF_WORK,
  type Operation,
  type Paths,
  reference,
  refusals,
} from './operation.ts';

const FHIR_ID = /^[A-Za-z0-9.-]{1,64}$/;

export const FHIR_TAG = {
  name: 'FHIR R4',
  description:
    'Results of radiographs and the ICU risk for health records; faults are told as OperationOutcome.',
};
const FHIR_JSON = 'application/fhir+json';

/** A resource by what a client of ours looks for; HL7's own definition says the rest. */
function resource(type: string, elements: z.ZodRawShape): JsonSchema {
  return {
    ...jsonSchema(z.looseObject({ resourceType: z.literal(type), ...elements })),
    externalDocs: { url: `https://hl7.org/fhir/R4/${type.toLowerCase()}.html` },
  };
}

const text = z.string();
const some = z.array(z.looseObject({})).min(1);

/** What is answered under `/fhir`. A new resource is an entry here and one in `FHIR_PATHS`; the test of the document asks for
 *  a real answer of it. */
export const FHIR_SCHEMAS = {
  CapabilityStatement: resource('CapabilityStatement', {
    status: text,
    date: text,
    kind: z.literal('instance'),
    fhirVersion: z.literal('4.0.1'),
    format: z.array(text),
    rest: some,
  }),
  OperationDefinition: resource('OperationDefinition', {
    id: text,
    url: z.url(),
    name: text,
    status: text,
    kind: z.literal('operation'),
    code: text,
    parameter: some,
  }),
  OperationOutcome: resource('OperationOutcome', {
    issue: z
      .array(
        z.looseObject({
          severity: z.literal('error'),
          code: text.describe("HL7's issue type"),
          details: z.looseObject({ text }),
          diagnostics: z.enum(ERROR_CODES).describe('The code that the graph would have'),
        }),
      )
      .min(1),
  }),
  RiskAssessment: resource('RiskAssessment', {
    id: text,
    status: z.literal('final'),
    subject: z.looseObject({ reference: text }),
    occurrenceDateTime: z.iso.datetime(),
    prediction: z
      .array(
        z.looseObject({
          outcome: z.looseObject({}),
          probabilityDecimal: z.number().min(0).max(100).describe('A percentage, as R4 wants it'),
          qualitativeRisk: z.looseObject({}),
          rationale: text.describe('The reasons in plain words'),
        }),
      )
      .min(1),
    note: some.describe('What it is not for'),
  }),
  DiagnosticReport: resource('DiagnosticReport', {
    id: text,
    status: z.literal('preliminary').describe('Nobody has verified it'),
    category: some,
    code: z.looseObject({ text }),
    subject: z.looseObject({}).optional().describe('Absent where the patient is not known'),
    effectiveDateTime: z.iso.datetime(),
    issued: z.iso.datetime(),
    result: z
      .array(z.looseObject({ reference: text, display: text }))
      .describe('An Observation for each finding'),
    conclusion: text.describe(
      'The decision in words, first of all that nothing is decided where nothing is; and what it is not for',
    ),
    presentedForm: z
      .array(z.looseObject({ contentType: text, url: z.url(), size: z.int(), title: text }))
      .optional()
      .describe('The heatmap; absent while none can be drawn'),
  }),
  Observation: resource('Observation', {
    id: text,
    status: z.literal('preliminary'),
    code: z.looseObject({ coding: some, text }),
    subject: z.looseObject({}).optional(),
    effectiveDateTime: z.iso.datetime(),
    valueQuantity: z
      .looseObject({ value: z.number().min(0).max(100), unit: z.literal('%') })
      .optional()
      .describe('Absent where the image is unlike those that the model learned from'),
    dataAbsentReason: z
      .looseObject({ coding: some, text })
      .optional()
      .describe('In place of the value: why there is none'),
    device: z.looseObject({ reference: text }),
    note: some.describe('Why nothing is decided, where nothing is; and what it is not for'),
  }),
};

const FORMAT: NonNullable<Operation['parameters']>[number] = {
  name: '_format',
  in: 'query',
  description: 'In place of the header `accept`',
  schema: { type: 'string' },
  example: 'json',
};
const id = (description: string, pattern: RegExp, example: string) => ({
  ...{ name: 'id', in: 'path' as const, required: true, description },
  ...{ schema: { type: 'string', pattern: pattern.source }, example },
});

type Read = Pick<Operation, 'operationId' | 'summary' | 'description' | 'scopes'> & {
  parameters?: Operation['parameters'];
  codes?: readonly ErrorCode[];
  more?: Record<string, string>;
};

function read(type: keyof typeof FHIR_SCHEMAS, { codes = [], more = {}, parameters = [], ...told }: Read) {
  const outcome = { fault: reference('OperationOutcome'), mediaType: FHIR_JSON };
  return {
    get: {
      ...told,
      tags: [FHIR_TAG.name],
      parameters: [...parameters, FORMAT],
      responses: {
        '200': answer(`A ${type}`, reference(type), FHIR_JSON),
        ...refusals(told.scopes ? [...OF_WORK, ...codes] : codes, {
          ...outcome,
          more: { '406': 'Another format than JSON, or another version than R4, is wanted', ...more },
        }),
      },
    },
  };
}

export const FHIR_PATHS: Paths = {
  '/fhir/metadata': read('CapabilityStatement', {
    operationId: 'fhirMetadata',
    summary: 'What of FHIR is answered',
  }),
  '/fhir/OperationDefinition/icu-risk': read('OperationDefinition', {
    operationId: 'fhirIcuRiskDefinition',
    summary: 'What $icu-risk does',
  }),
  '/fhir/Patient/{id}/$icu-risk': read('RiskAssessment', {
    operationId: 'fhirPatientIcuRisk',
    summary: 'Assesses the ICU risk of a patient',
    description: 'From the newest observation of each kind. Nothing is stored.',
    scopes: ['patient:read'],
    parameters: [id(PATIENT_ID_WANTED.replace(/^a/, 'A'), PATIENT_ID, '7')],
    codes: ['BAD_USER_INPUT', 'NOT_FOUND', 'ICU_UNAVAILABLE'],
  }),
  '/fhir/RiskAssessment/{id}': read('RiskAssessment', {
    operationId: 'fhirRiskAssessment',
    summary: 'Assesses again what was assessed under this id',
    scopes: ['patient:read'],
    parameters: [id('From the answer of `$icu-risk`', FHIR_ID, '7.0123456789abcdef')],
    codes: ['BAD_USER_INPUT', 'NOT_FOUND', 'ICU_UNAVAILABLE'],
    more: { '410': 'NOT_FOUND: observations or the model are not those of this assessment any more' },
  }),
  '/fhir/DiagnosticReport/{id}': read('DiagnosticReport', {
    operationId: 'fhirDiagnosticReport',
    summary: 'What the model says of a radiograph',
    scopes: ['radiograph:read'],
    parameters: [id('The id of a radiograph', FHIR_ID, '00000000-0000-4000-8000-000000000000')],
    codes: ['BAD_USER_INPUT', 'NOT_FOUND'],
  }),
  '/fhir/Observation/{id}': read('Observation', {
    operationId: 'fhirObservation',
    summary: 'One finding of such a report',
    scopes: ['radiograph:read'],
    parameters: [
      id('From `result` of a report', FHIR_ID, '00000000-0000-4000-8000-000000000000.0123456789abcdef'),
    ],
    codes: ['BAD_USER_INPUT', 'NOT_FOUND'],
  }),
};
