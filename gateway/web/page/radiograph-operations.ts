import type { Fault } from './fault.ts';
import type { JobStatus } from './job-operations.ts';
import { operation } from './operation.ts';
import type { Finding, Verdict } from './verdict.ts';

export type ImageFile = { readonly url: string; readonly width: number; readonly height: number };

export type ModelVersion = { readonly name: string; readonly version: string };

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
  readonly job: JobStatus | null;
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
    job {
      state
      progress
      error {
        code
        message
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

export type Heatmap = {
  readonly finding: Pick<Finding, 'code' | 'display'>;
  readonly image: ImageFile;
  readonly regions: readonly Region[];
};

export type HeatmapVariables = { id: string; finding: string; colormap: Colormap; opacity: number };

export const HEATMAP = operation<{ radiograph: { heatmap: Heatmap | null } | null }, HeatmapVariables>(
  `# Where the model looked. With opacity 1 these are the colours alone, which the page lays over the radiograph itself.
query Heatmap($id: ID!, $finding: String, $colormap: Colormap, $opacity: Float) {
  radiograph(id: $id) {
    heatmap(finding: $finding, colormap: $colormap, opacity: $opacity) {
      finding {
        code
        display
      }
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

export const DELETE = operation<
  { radiographDelete: { radiograph: { id: string } | null; userErrors: Fault[] } | null },
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
