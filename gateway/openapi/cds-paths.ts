import { z } from 'zod';
import { CDS_CALL, CDS_FEEDBACK, HOOKS } from '../cds-hooks/cds-requests.ts';
import { ICU_RISK_CARD } from '../cds-hooks/icu-risk-card.ts';
import { answer, jsonSchema, OF_WORK, type Paths, reference, refusals } from './operation.ts';

export const CDS_TAG = {
  name: 'CDS Hooks 2.0',
  description: 'The ICU risk as a card, when somebody opens a record or an encounter begins.',
};
const TOO_LONG = 'BAD_USER_INPUT: the body is longer than 1 MB';

export const CDS_SCHEMAS = {
  CdsServices: jsonSchema(
    z.object({
      services: z.array(
        z.object({
          hook: z.enum(HOOKS),
          id: z.literal('icu-risk'),
          title: z.string(),
          description: z.string(),
          usageRequirements: z.string(),
        }),
      ),
    }),
  ),
  CdsCall: jsonSchema(CDS_CALL, 'input'),
  CdsCards: jsonSchema(z.object({ cards: z.array(ICU_RISK_CARD).max(1) })),
  CdsFeedback: jsonSchema(CDS_FEEDBACK, 'input'),
};

const body = (name: keyof typeof CDS_SCHEMAS, example: unknown) => ({
  required: true,
  content: { 'application/json': { schema: reference(name), example } },
});

export const CDS_PATHS: Paths = {
  '/cds-services': {
    get: {
      operationId: 'cdsServices',
      tags: [CDS_TAG.name],
      summary: 'Which services there are',
      responses: { '200': answer('One service, under each of its hooks', reference('CdsServices')) },
    },
  },
  '/cds-services/icu-risk': {
    post: {
      operationId: 'cdsIcuRisk',
      tags: [CDS_TAG.name],
      summary: 'A card with the ICU risk of a patient',
      scopes: ['patient:read'],
      requestBody: body('CdsCall', {
        hook: 'patient-view',
        hookInstance: 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea',
        context: { userId: 'Practitioner/1', patientId: '7' },
      }),
      responses: {
        '200': answer('One card, or none where nothing is known of the patient', reference('CdsCards')),
        ...refusals([...OF_WORK, 'BAD_USER_INPUT', 'ICU_UNAVAILABLE'], { more: { '413': TOO_LONG } }),
      },
    },
  },
  '/cds-services/icu-risk/feedback': {
    post: {
      operationId: 'cdsIcuRiskFeedback',
      tags: [CDS_TAG.name],
      summary: 'Counts what became of cards',
      description: 'By outcome and reason; nothing else of it is kept.',
      scopes: [],
      requestBody: body('CdsFeedback', {
        feedback: [
          {
            card: '4e0a3a1e-3283-4575-ab82-028d55fe2719',
            outcome: 'overridden',
            outcomeTimestamp: '2026-11-01T08:30:00Z',
          },
        ],
      }),
      responses: {
        '200': { description: 'Counted; the body is empty' },
        ...refusals([...OF_WORK, 'BAD_USER_INPUT'], { more: { '413': TOO_LONG } }),
      },
    },
  },
};
