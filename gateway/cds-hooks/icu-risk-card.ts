import { randomUUID } from 'node:crypto';
import type { PatientRisk } from '../fhir/patient-risk.ts';
import { NOT_FOR_CLINICAL_USE, reasonInWords, verdict } from '../fhir/risk-words.ts';

const REASONS_TOLD = 3;

const SYSTEM = 'https://radiograph.example/cds-hooks/override-reason';

/** Why somebody may dismiss a card; the counter of feedback has these codes. */
export const OVERRIDE_REASONS = [
  { code: 'already-known', system: SYSTEM, display: 'The risk is known and being acted on' },
  { code: 'clinical-picture-differs', system: SYSTEM, display: 'The clinical picture says otherwise' },
  { code: 'observations-wrong', system: SYSTEM, display: 'The observations are wrong or out of date' },
  { code: 'not-applicable', system: SYSTEM, display: 'Intensive care is not an option for this patient' },
];

/** The card of a risk (CDS Hooks 2.0): a warning from the model's threshold on, information below it.
 *  @param address of this gateway */
export function icuRiskCard(risk: PatientRisk, address: string) {
  const { model, window, willBeAdmitted, reasons } = risk;
  const strongest = reasons.slice(0, REASONS_TOLD).map((reason) => `- ${markdown(reasonInWords(reason))}`);
  const detail = [
    `**ICU admission risk: ${verdict(risk)}.**`,
    ...(window ? [`From observations of ${markdown(window)}.`] : []),
    ...(strongest.length > 0 ? [`Strongest reasons:\n\n${strongest.join('\n')}`] : []),
    markdown(`Model: ${model.name} version ${model.version} (${model.engine}).`),
    `*${NOT_FOR_CLINICAL_USE}*`,
  ];
  return {
    uuid: randomUUID(),
    // Less than 140 characters, whatever the numbers are.
    summary: `ICU admission risk ${verdict(risk)} (not for clinical use)`,
    indicator: willBeAdmitted ? ('warning' as const) : ('info' as const),
    detail: detail.join('\n\n'),
    source: { label: 'Radiograph: ICU risk', url: address },
    // An acceptance is an acceptance of a suggestion; this one changes nothing in the record.
    ...(willBeAdmitted && {
      suggestions: [{ label: 'Review this patient for intensive care', uuid: randomUUID() }],
      selectionBehavior: 'at-most-one' as const,
    }),
    overrideReasons: OVERRIDE_REASONS,
    // No patient is named: addresses end up in logs.
    links: [
      { label: 'Ask the graph in its explorer', url: `${address}/explorer`, type: 'absolute' as const },
    ],
  };
}

/** Words of the model's, which are not to become formatting or links. */
function markdown(text: string): string {
  return text.replace(/[\\`*_[\]<>#|~]/g, '\\$&');
}
