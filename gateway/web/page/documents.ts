/** An operation with the shape of its answer; its text is also what the explorer opens with. */
export type Operation<Data, Variables> = {
  readonly text: string;
  /** Never there: it carries the types alone. */
  readonly types?: (variables: Variables) => Data;
};

const operation = <Data, Variables>(text: string): Operation<Data, Variables> => ({ text });

export type Decision = 'POSITIVE' | 'NEGATIVE' | 'INDETERMINATE';
export type Finding = { readonly code: string; readonly display: string; readonly probability: number };
export type ImageFile = { readonly url: string; readonly width: number; readonly height: number };
export type ModelVersion = { readonly name: string; readonly version: string };
export type Verdict = {
  readonly decision: Decision;
  readonly indeterminateReason: 'OUT_OF_DISTRIBUTION' | 'BELOW_THRESHOLD' | null;
  readonly threshold: number;
  readonly finding: Finding;
};
export type JobFault = { readonly code: string; readonly message: string };

export const PRIORITIES = ['ROUTINE', 'URGENT', 'STAT'] as const;
export type Priority = (typeof PRIORITIES)[number];

export type UploadVariables = { files: null[]; patientId: string | null; priority: Priority };
export type UploadData = {
  radiographUpload: { jobs: { id: string }[]; userErrors: { code: string; message: string }[] } | null;
};

export const UPLOAD = operation<UploadData, UploadVariables>(`# Choose files above, then press ▶.
mutation Upload($files: [Upload!]!, $patientId: ID, $priority: JobPriority! = ROUTINE) {
  radiographUpload(input: { files: $files, patientId: $patientId, priority: $priority }) {
    jobs {
      id
    }
    userErrors {
      code
      message
    }
  }
}
`);

export type Job = {
  readonly state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  readonly progress: number;
  readonly error: JobFault | null;
  readonly radiograph: { readonly id: string; readonly classification: Verdict | null } | null;
};

export const FOLLOW = operation<{ jobStatus: Job }, { id: string }>(`# The job now and after each change.
subscription Follow($id: ID!) {
  jobStatus(id: $id) {
    state
    progress
    error {
      code
      message
    }
    radiograph {
      id
      classification {
        decision
        indeterminateReason
        threshold
        finding {
          code
          display
          probability
        }
      }
    }
  }
}
`);

export const CANCEL = operation<
  { jobCancel: { job: { state: Job['state'] } | null; userErrors: JobFault[] } | null },
  { id: string }
>(`mutation Cancel($id: ID!) {
  jobCancel(input: { id: $id }) {
    job {
      state
    }
    userErrors {
      code
      message
    }
  }
}
`);

export type Classification = Verdict & {
  readonly findings: readonly Finding[];
  readonly cached: boolean;
  readonly pool: string | null;
  readonly model: ModelVersion & { readonly engine: string };
};
export type Radiograph = {
  readonly id: string;
  readonly createdAt: string;
  readonly format: 'JPEG' | 'PNG' | 'DICOM';
  readonly width: number;
  readonly height: number;
  readonly patient: { readonly id: string } | null;
  readonly image: ImageFile;
  readonly classification: Classification | null;
};

export const READING = operation<{ radiograph: Radiograph | null }, { id: string }>(
  `# What the model says of one radiograph.
query Reading($id: ID!) {
  radiograph(id: $id) {
    id
    createdAt
    format
    width
    height
    patient {
      id
    }
    image {
      url
      width
      height
    }
    classification {
      decision
      indeterminateReason
      threshold
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
      cached
      pool
      model {
        name
        version
        engine
      }
    }
  }
}
`,
);

export const COLORMAPS = ['TURBO', 'JET', 'OCEAN'] as const;
export type Colormap = (typeof COLORMAPS)[number];
export type Region = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};
export type Heatmap = { readonly image: ImageFile; readonly regions: readonly Region[] };
export type HeatmapVariables = { id: string; finding: string; colormap: Colormap; opacity: number };

export const HEATMAP = operation<{ radiograph: { heatmap: Heatmap | null } | null }, HeatmapVariables>(
  `# Where the model looked. With opacity 1 these are the colours alone, which the page lays over the radiograph itself.
query Heatmap($id: ID!, $finding: String, $colormap: Colormap, $opacity: Float) {
  radiograph(id: $id) {
    heatmap(finding: $finding, colormap: $colormap, opacity: $opacity) {
      image {
        url
        width
        height
      }
      regions {
        x
        y
        width
        height
      }
    }
  }
}
`,
);

export type Dicom = {
  readonly modality: string;
  readonly bodyPart: string | null;
  readonly viewPosition: string | null;
  readonly studyInstanceUID: string | null;
  readonly seriesInstanceUID: string | null;
  readonly sopInstanceUID: string | null;
};

export const DICOM = operation<{ radiograph: { dicom: Dicom | null } | null }, { id: string }>(
  `# What a DICOM file says of itself; needs the scope dicom:read.
query Dicom($id: ID!) {
  radiograph(id: $id) {
    dicom {
      modality
      bodyPart
      viewPosition
      studyInstanceUID
      seriesInstanceUID
      sopInstanceUID
    }
  }
}
`,
);

export type IcuReason = {
  readonly code: string;
  readonly display: string;
  readonly value: number | null;
  /** In log-odds against the average patient. */
  readonly contribution: number;
};
export type IcuRisk = {
  readonly probability: number;
  readonly willBeAdmitted: boolean;
  readonly threshold: number;
  readonly window: string | null;
  readonly assessedAt: string;
  readonly model: ModelVersion;
  readonly reasons: readonly IcuReason[];
};

export const PATIENT = operation<
  {
    patient: { readonly id: string; readonly icuRisk: IcuRisk | null } | null;
    observationTypes: readonly { readonly code: string; readonly unit: string }[];
  },
  { id: string }
>(`# How probable an admission to the ICU is, and why; needs the scope patient:read.
query Patient($id: ID!) {
  patient(id: $id) {
    id
    icuRisk {
      probability
      willBeAdmitted
      threshold
      window
      assessedAt
      model {
        name
        version
      }
      reasons {
        code
        display
        value
        contribution
      }
    }
  }
  observationTypes {
    code
    unit
  }
}
`);

export const PATIENTS = operation<{ patients: { nodes: { id: string }[] } }, { first: number }>(
  `# Patients to choose from.
query Patients($first: Int = 100) {
  patients(first: $first) {
    nodes {
      id
    }
  }
}
`,
);

export type Past = {
  readonly id: string;
  readonly createdAt: string;
  readonly format: Radiograph['format'];
  readonly patient: { readonly id: string } | null;
  readonly image: ImageFile;
  readonly classification: Verdict | null;
};
export type HistoryVariables = { first: number; after: string | null; patientId: string | null };

export const HISTORY = operation<
  { radiographs: { nodes: Past[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } },
  HistoryVariables
>(`# Radiographs, newest first.
query History($first: Int = 12, $after: String, $patientId: ID) {
  radiographs(first: $first, after: $after, patientId: $patientId) {
    nodes {
      id
      createdAt
      format
      patient {
        id
      }
      image {
        url
        width
        height
      }
      classification {
        decision
        indeterminateReason
        threshold
        finding {
          code
          display
          probability
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`);

export const DELETE = operation<
  { radiographDelete: { radiograph: { id: string } | null; userErrors: JobFault[] } | null },
  { id: string }
>(`mutation Delete($id: ID!) {
  radiographDelete(input: { id: $id }) {
    radiograph {
      id
    }
    userErrors {
      code
      message
    }
  }
}
`);
