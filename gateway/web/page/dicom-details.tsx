import { ExplorerAnchor } from './explorer-anchor.tsx';
import { FaultNote } from './fault-note.tsx';
import { DICOM, type Dicom } from './radiograph-operations.ts';
import { useAnswer } from './use-answer.ts';
import { useMissed } from './use-missed.ts';

const VIEWS: Record<string, string> = { PA: 'PA (from behind)', AP: 'AP (from the front)' };
const MODALITIES: Record<string, string> = {
  CR: 'CR (computed radiography)',
  DX: 'DX (digital radiography)',
};

/** What a DICOM file says of itself, for whoever may read it. @param renew asks for the radiograph again */
export function DicomDetails({ id, renew }: { id: string; renew: () => void }) {
  const answer = useAnswer(DICOM, { id });
  useMissed(answer, renew);
  const { data, faults, loading, again } = answer;
  const dicom = data?.radiograph?.dicom;
  return (
    <section class="card" aria-labelledby="dicom-title" aria-busy={loading}>
      <h3 id="dicom-title">DICOM file</h3>
      {loading && !dicom && <p>Loading …</p>}
      {dicom && <Details dicom={dicom} />}
      {!loading && faults[0]?.code === 'FORBIDDEN' && (
        <p>Your access does not open what the file says of itself (scope dicom:read).</p>
      )}
      {!loading && faults[0] && faults[0].code !== 'FORBIDDEN' && (
        <FaultNote fault={faults[0]} retry={again} />
      )}
      <ExplorerAnchor operation={DICOM} variables={{ id }} view="DICOM file" />
    </section>
  );
}

function Details({ dicom }: { dicom: Dicom }) {
  const { modality, bodyPart, viewPosition, studyInstanceUID, seriesInstanceUID, sopInstanceUID } = dicom;
  const rows = {
    Modality: MODALITIES[modality] ?? modality,
    'Body part': bodyPart,
    View: viewPosition && (VIEWS[viewPosition] ?? viewPosition),
    Study: studyInstanceUID,
    Series: seriesInstanceUID,
    Object: sopInstanceUID,
  };
  return (
    <dl class="provenance">
      {Object.entries(rows).map(([name, value]) => [
        <dt key={name}>{name}</dt>,
        <dd key={`${name} value`}>{value ?? 'not stated'}</dd>,
      ])}
    </dl>
  );
}
