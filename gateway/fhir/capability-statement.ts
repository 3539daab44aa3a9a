import type { CapabilityStatement, OperationDefinition } from '@medplum/fhirtypes';
import { NOT_FOR_CLINICAL_USE } from './risk-words.ts';

/** When what these two say changed last. */
const DATE = '2026-11-27';

/** What this server answers of FHIR. @param base the address of `/fhir` */
export function capabilityStatement(base: string): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    name: 'Radiograph',
    title: 'ICU risk and results of radiographs',
    status: 'active',
    experimental: true,
    date: DATE,
    description: NOT_FOR_CLINICAL_USE,
    kind: 'instance',
    software: { name: 'Radiograph' },
    implementation: {
      description:
        'The ICU risk of a patient as a RiskAssessment, the result of a radiograph as a DiagnosticReport',
      url: base,
    },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json'],
    rest: [
      {
        mode: 'server',
        security: {
          cors: false,
          service: [
            {
              coding: [
                {
                  system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
                  code: 'OAuth',
                  display: 'OAuth',
                },
              ],
            },
          ],
          description:
            'A bearer token, where the server authenticates its callers, with the scope patient:read for the risk and radiograph:read for the result of a radiograph.',
        },
        resource: [
          {
            type: 'Patient',
            operation: [{ name: 'icu-risk', definition: `${base}/OperationDefinition/icu-risk` }],
          },
          {
            type: 'RiskAssessment',
            versioning: 'no-version',
            interaction: [{ code: 'read' }],
            documentation:
              'Assessments are not stored: a read assesses again. When the outcome is another one by then, 410.',
          },
          {
            type: 'DiagnosticReport',
            versioning: 'no-version',
            interaction: [{ code: 'read' }],
            documentation: 'The result of a radiograph under its id, once it is classified.',
          },
          {
            type: 'Observation',
            versioning: 'no-version',
            interaction: [{ code: 'read' }],
            documentation:
              'A finding of such a report and how probable it is; its device is the model, contained.',
          },
          { type: 'OperationDefinition', interaction: [{ code: 'read' }] },
        ],
      },
    ],
  };
}

/** What `Patient/{id}/$icu-risk` does. @param base the address of `/fhir` */
export function icuRiskOperation(base: string): OperationDefinition {
  return {
    resourceType: 'OperationDefinition',
    id: 'icu-risk',
    url: `${base}/OperationDefinition/icu-risk`,
    name: 'IcuRisk',
    title: 'ICU risk of a patient',
    status: 'active',
    experimental: true,
    date: DATE,
    kind: 'operation',
    description: `How probable a later admission to the intensive care unit is, from the newest observation of each kind. ${NOT_FOR_CLINICAL_USE}`,
    affectsState: false,
    code: 'icu-risk',
    resource: ['Patient'],
    system: false,
    type: false,
    instance: true,
    parameter: [
      {
        name: 'return',
        use: 'out',
        min: 1,
        max: '1',
        documentation: 'The assessment as of now; its performer is the model, a contained Device.',
        type: 'RiskAssessment',
      },
    ],
  };
}
