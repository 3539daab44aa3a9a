/** What the explorer opens with: each a tab, in the order in which a newcomer wants them. */
export const UPLOAD = `# 1. Choose files above, then press ▶.
mutation Upload($files: [Upload!]!, $patientId: ID) {
  radiographUpload(input: { files: $files, patientId: $patientId }) {
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
}
`;

export const FOLLOW = `# 2. The job now and after each change.
subscription Follow($id: ID!) {
  jobStatus(id: $id) {
    id
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
        finding {
          display
          probability
        }
      }
    }
  }
}
`;

export const READ = `# 3. Finding, heatmap and ICU risk.
query Read($first: Int = 3) {
  radiographs(first: $first) {
    nodes {
      id
      classification {
        decision
        threshold
        findings {
          display
          probability
        }
      }
      heatmap(colormap: TURBO, opacity: 0.5) {
        image {
          url
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
        }
      }
    }
  }
}
`;
