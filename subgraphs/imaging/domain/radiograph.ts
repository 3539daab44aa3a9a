import type { DicomFacts } from './dicom-facts.ts';

/** A radiograph as the ledger keeps it. Addresses name blobs; sizes are in pixels, upright. */
export type StoredRadiograph = {
  readonly id: string;
  readonly createdAt: number;
  readonly patientId: string | null;
  readonly format: 'JPEG' | 'PNG' | 'DICOM';
  readonly width: number;
  readonly height: number;
  /** The bytes as they were sent. */
  readonly originalAddress: string;
  /** The grey rendering for display. */
  readonly rendering: Rendering;
  /** What a DICOM file says of itself; null for any other. */
  readonly dicom: DicomFacts | null;
  /** Under what it was taken in, which names no second radiograph (`intake-key.ts`); null when it was uploaded without. */
  readonly intakeKey: string | null;
};

export type Rendering = {
  readonly address: string;
  readonly mediaType: 'image/jpeg';
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
};

/** The patients live in the ICU subgraph; here one is only a key. */
export type PatientReference = { readonly id: string };
