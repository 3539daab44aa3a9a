/** A concept of SNOMED CT. */
export type FindingCode = { readonly code: string; readonly display: string };

/** What the labels of the model that we ship mean in SNOMED CT (840539006 is the code that DICOM and HL7 use too). */
const KNOWN: Readonly<Record<string, FindingCode>> = {
  COVID19: { code: '840539006', display: 'COVID-19' },
  NORMAL: { code: '17621005', display: 'Normal' },
  PNEUMONIA_BACTERIAL: { code: '53084003', display: 'Bacterial pneumonia' },
};

/** @param label of a model @returns undefined for a label of another model, whose meaning nobody has told us */
export function findingCode(label: string): FindingCode | undefined {
  return Object.hasOwn(KNOWN, label) ? KNOWN[label] : undefined;
}
