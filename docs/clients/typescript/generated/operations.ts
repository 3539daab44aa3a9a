/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** Colours for the values of a map, from low to high. */
export type Colormap =
  /** Dark blue over green to dark red; even steps (Mikhailov, 2019). */
  | 'TURBO'
  /** Blue over green to red, as in older papers. */
  | 'JET'
  /** Black over blue to white, as OpenCV has it. */
  | 'OCEAN';

/** Where a job stands. SUCCEEDED, FAILED and CANCELLED are final. */
export type JobState =
  /** Stored, waiting for a worker. */
  | 'QUEUED'
  /** A worker has it. */
  | 'RUNNING'
  /** Its radiograph is classified. */
  | 'SUCCEEDED'
  /** It was given up; `error` says why. */
  | 'FAILED'
  /** Somebody took it back before its end. */
  | 'CANCELLED';

/** How urgent a job is; the more urgent one is done first, and of equal ones the older. */
export type JobPriority =
  /** At once: the patient is in danger. */
  | 'STAT'
  /** Before what is routine. */
  | 'URGENT'
  /** In its turn. */
  | 'ROUTINE';

/** Formats of files that are taken. */
export type ImageFormat =
  /** ISO/IEC 10918-1. */
  | 'JPEG'
  /** ISO/IEC 15948. */
  | 'PNG'
  /** DICOM PS3.10: one grey picture of modality CR or DX. */
  | 'DICOM';

/** What a classification amounts to. */
export type Decision =
  /** The finding is a disease and reaches its threshold. */
  | 'POSITIVE'
  /** No disease: the model's finding is its label for a normal radiograph, above that label's threshold. */
  | 'NEGATIVE'
  /** Nothing is decided; `indeterminateReason` says why. */
  | 'INDETERMINATE';

/** Why nothing was decided. */
export type IndeterminateReason =
  /** The image is unlike the frontal chest radiographs that the model learned from: its findings mean nothing. */
  | 'OUT_OF_DISTRIBUTION'
  /** No finding reaches its threshold. */
  | 'BELOW_THRESHOLD';

export type ReadingFragment = { id: string, format: ImageFormat, width: number, height: number, image: { url: string, mediaType: string, width: number, height: number }, classification: { decision: Decision, indeterminateReason: IndeterminateReason | null, threshold: number, cached: boolean, pool: string | null, finding: { code: string, display: string, probability: number }, findings: Array<{ code: string, display: string, probability: number }>, model: { name: string, version: string } } | null, heatmap: { image: { url: string, mediaType: string, width: number, height: number }, finding: { code: string, display: string }, peak: { x: number, y: number } } | null, patient: { id: string, icuRisk: { probability: number, willBeAdmitted: boolean, threshold: number, window: string | null, reasons: Array<{ display: string, value: number | null, contribution: number }> } | null } | null };

export type RadiographUploadMutationVariables = Exact<{
  files: Array<null> | null;
  patientId?: string | null | undefined;
  priority?: JobPriority;
  idempotencyKey?: string | null | undefined;
}>;


export type RadiographUploadMutation = { radiographUpload: { jobs: Array<{ id: string, state: JobState }>, userErrors: Array<{ code: string, message: string, field: Array<string> | null }> } };

export type JobStatusSubscriptionVariables = Exact<{
  id: string;
}>;


export type JobStatusSubscription = { jobStatus: { id: string, state: JobState, progress: number, attempts: number, error: { code: string, message: string } | null, radiograph: { id: string } | null } };

export type ReadRadiographQueryVariables = Exact<{
  id: string;
  finding?: string | null | undefined;
  colormap?: Colormap | null | undefined;
  opacity?: number | null | undefined;
}>;


export type ReadRadiographQuery = { radiograph: { id: string, format: ImageFormat, width: number, height: number, image: { url: string, mediaType: string, width: number, height: number }, classification: { decision: Decision, indeterminateReason: IndeterminateReason | null, threshold: number, cached: boolean, pool: string | null, finding: { code: string, display: string, probability: number }, findings: Array<{ code: string, display: string, probability: number }>, model: { name: string, version: string } } | null, heatmap: { image: { url: string, mediaType: string, width: number, height: number }, finding: { code: string, display: string }, peak: { x: number, y: number } } | null, patient: { id: string, icuRisk: { probability: number, willBeAdmitted: boolean, threshold: number, window: string | null, reasons: Array<{ display: string, value: number | null, contribution: number }> } | null } | null } | null };

export type RadiographClassifyMutationVariables = Exact<{
  file: null;
  patientId?: string | null | undefined;
  idempotencyKey?: string | null | undefined;
  finding?: string | null | undefined;
  colormap?: Colormap | null | undefined;
  opacity?: number | null | undefined;
}>;


export type RadiographClassifyMutation = { radiographClassify: { radiograph: { id: string, format: ImageFormat, width: number, height: number, image: { url: string, mediaType: string, width: number, height: number }, classification: { decision: Decision, indeterminateReason: IndeterminateReason | null, threshold: number, cached: boolean, pool: string | null, finding: { code: string, display: string, probability: number }, findings: Array<{ code: string, display: string, probability: number }>, model: { name: string, version: string } } | null, heatmap: { image: { url: string, mediaType: string, width: number, height: number }, finding: { code: string, display: string }, peak: { x: number, y: number } } | null, patient: { id: string, icuRisk: { probability: number, willBeAdmitted: boolean, threshold: number, window: string | null, reasons: Array<{ display: string, value: number | null, contribution: number }> } | null } | null } | null, userErrors: Array<{ code: string, message: string, field: Array<string> | null }> } };

/** The text of an operation that carries the types of its answer and its variables. */
export type GraphDocument<Data, Variables> = string & { readonly ofTypes?: (variables: Variables) => Data };

export const RADIOGRAPH_UPLOAD = `mutation RadiographUpload($files: [Upload!]!, $patientId: ID, $priority: JobPriority! = ROUTINE, $idempotencyKey: String) {
  radiographUpload(
    input: {files: $files, patientId: $patientId, priority: $priority, idempotencyKey: $idempotencyKey}
  ) {
    jobs {
      id
      state
    }
    userErrors {
      code
      message
      field
    }
  }
}` as GraphDocument<RadiographUploadMutation, RadiographUploadMutationVariables>;

export const JOB_STATUS = `subscription JobStatus($id: ID!) {
  jobStatus(id: $id) {
    id
    state
    progress
    attempts
    error {
      code
      message
    }
    radiograph {
      id
    }
  }
}` as GraphDocument<JobStatusSubscription, JobStatusSubscriptionVariables>;

export const READ_RADIOGRAPH = `fragment Reading on Radiograph {
  id
  format
  width
  height
  image {
    url
    mediaType
    width
    height
  }
  classification {
    finding {
      code
      display
      probability
    }
    findings {
      code
      display
      probability
    }
    decision
    indeterminateReason
    threshold
    cached
    pool
    model {
      name
      version
    }
  }
  heatmap(finding: $finding, colormap: $colormap, opacity: $opacity) {
    image {
      url
      mediaType
      width
      height
    }
    finding {
      code
      display
    }
    peak {
      x
      y
    }
  }
  patient {
    id
    icuRisk {
      probability
      willBeAdmitted
      threshold
      window
      reasons {
        display
        value
        contribution
      }
    }
  }
}

query ReadRadiograph($id: ID!, $finding: String, $colormap: Colormap = TURBO, $opacity: Float = 0.5) {
  radiograph(id: $id) {
    ...Reading
  }
}` as GraphDocument<ReadRadiographQuery, ReadRadiographQueryVariables>;

export const RADIOGRAPH_CLASSIFY = `fragment Reading on Radiograph {
  id
  format
  width
  height
  image {
    url
    mediaType
    width
    height
  }
  classification {
    finding {
      code
      display
      probability
    }
    findings {
      code
      display
      probability
    }
    decision
    indeterminateReason
    threshold
    cached
    pool
    model {
      name
      version
    }
  }
  heatmap(finding: $finding, colormap: $colormap, opacity: $opacity) {
    image {
      url
      mediaType
      width
      height
    }
    finding {
      code
      display
    }
    peak {
      x
      y
    }
  }
  patient {
    id
    icuRisk {
      probability
      willBeAdmitted
      threshold
      window
      reasons {
        display
        value
        contribution
      }
    }
  }
}

mutation RadiographClassify($file: Upload!, $patientId: ID, $idempotencyKey: String, $finding: String, $colormap: Colormap = TURBO, $opacity: Float = 0.5) {
  radiographClassify(
    input: {file: $file, patientId: $patientId, idempotencyKey: $idempotencyKey}
  ) {
    radiograph {
      ...Reading
    }
    userErrors {
      code
      message
      field
    }
  }
}` as GraphDocument<RadiographClassifyMutation, RadiographClassifyMutationVariables>;
