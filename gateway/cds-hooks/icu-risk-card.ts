import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { PatientRisk } from '../fhir/patient-risk.ts';
import { NOT_FOR_CLINICAL_USE, reasonInWords, verdict } from '../fhir/risk-words.ts';

const REASONS_TOLD = 3;
const DAY_MS = 24 * 3_600_000;

const SYSTEM = 'https://radiograph.example/cds-hooks/override-reason';

/** Why somebody may dismiss a card; the counter of feedback has these codes. */
export const OVERRIDE_REASONS = [
  { code: 'already-known', system: SYSTEM, display: 'The risk is known and being acted on' },
  { code: 'clinical-picture-differs', system: SYSTEM, display: 'The clinical picture says otherwise' },
  { code: 'observations-wrong', system: SYSTEM, display: 'The observations are wrong or out of date' },
  { code: 'not-applicable', system: SYSTEM, display: 'Intensive care is not an option for this patient' },
];

/** What of a card (CDS Hooks 2.0, Card Attributes) ours have. */
export const ICU_RISK_CARD = z.strictObject({
  uuid: z.uuid().describe('Names the card in feedback'),
  summary: z.string().max(139),
  indicator: z.enum(['info', 'warning']).describe("`warning` from the model's threshold on"),
  detail: z
    .string()
    .describe(
      'Markdown: whether the observations are too far apart, their window, the strongest reasons, the model, and what it is not for',
    ),
  source: z.strictObject({ label: z.string(), url: z.url() }),
  suggestions: z.array(z.strictObject({ label: z.string(), uuid: z.uuid() })).optional(),
  selectionBehavior: z.literal('at-most-one').optional(),
  overrideReasons: z.array(z.strictObject({ code: z.string(), system: z.url(), display: z.string() })),
  links: z.array(z.strictObject({ label: z.string(), url: z.url(), type: z.literal('absolute') })),
});

/** The card of a risk: a warning from the model's threshold on, information below it.
 *  @param address of this gateway */
export function icuRiskCard(risk: PatientRisk, address: string): z.infer<typeof ICU_RISK_CARD> {
  const { model, window, caution, willBeAdmitted, reasons } = risk;
  const strongest = reasons.slice(0, REASONS_TOLD).map((reason) => `- ${markdown(reasonInWords(reason))}`);
  const detail = [
    `**ICU admission risk: ${verdict(risk)}.**`,
    ...(caution ? [`**${markdown(caution)}**`] : []),
    ...(window ? [`From observations of ${markdown(window)}.`] : []),
    ...(strongest.length > 0 ? [`Strongest reasons:\n\n${strongest.join('\n')}`] : []),
    markdown(`Model: ${model.name} version ${model.version} (${model.engine}).`),
    `*${NOT_FOR_CLINICAL_USE}*`,
  ];
  return {
    uuid: randomUUID(),
    // Less than 140 characters, whatever the numbers are.
    summary: `ICU admission risk ${verdict(risk)}${apart(risk)} (not for clinical use)`,
    indicator: willBeAdmitted ? 'warning' : 'info',
    detail: detail.join('\n\n'),
    source: { label: 'Radiograph: ICU risk', url: address },
    // An acceptance is an acceptance of a suggestion; this one changes nothing in the record.
    ...(willBeAdmitted && {
      suggestions: [{ label: 'Review this patient for intensive care', uuid: randomUUID() }],
      selectionBehavior: 'at-most-one',
    }),
    overrideReasons: OVERRIDE_REASONS,
    // No patient is named: addresses end up in logs.
    links: [{ label: 'Ask the graph in its explorer', url: `${address}/explorer`, type: 'absolute' }],
  };
}

/** Where the values are not of one stay a reader of the first line alone is to know that. */
function apart({ caution, observedFrom, observedUntil }: PatientRisk): string {
  if (!caution || !observedFrom || !observedUntil) return '';
  const days = Math.floor((Date.parse(observedUntil) - Date.parse(observedFrom)) / DAY_MS);
  return `; values ${days} days apart`;
}

/** Words of the model's, which are not to become formatting or links. */
function markdown(text: string): string {
  return text.replace(/[\\`*_[\]<>#|~]/g, '\\$&');
}
