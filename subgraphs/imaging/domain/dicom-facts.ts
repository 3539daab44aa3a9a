/** What is kept of a DICOM file beside its pixels, and all of it. */
export type DicomFacts = {
  readonly modality: 'CR' | 'DX';
  /** Null where the file does not say; the same holds for the others. */
  readonly bodyPart: 'CHEST' | null;
  readonly viewPosition: 'PA' | 'AP' | null;
  readonly studyInstanceUID: string | null;
  readonly seriesInstanceUID: string | null;
  readonly sopInstanceUID: string | null;
};
