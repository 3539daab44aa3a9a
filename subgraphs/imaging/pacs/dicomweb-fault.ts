import { RadiographError } from '#common/errors.ts';

/** absent: it has no such thing · late: its time was up · abandoned: the caller's was, or the caller is gone ·
 *  unreachable: no connection, or a broken one · refused: it answered that it will not, or cannot · unusable: its answer is
 *  not what DICOMweb says · too_large: more than we take · resting: it failed before and is left alone */
export type DicomwebFaultKind =
  | 'absent'
  | 'late'
  | 'abandoned'
  | 'unreachable'
  | 'refused'
  | 'unusable'
  | 'too_large'
  | 'resting';

/** Why a DICOMweb server gave nothing: without its address, what was asked of it, or what it answered. */
export class DicomwebFault extends Error {
  override name = 'DicomwebFault';
  readonly kind: DicomwebFaultKind;
  readonly status: number | undefined;

  constructor(kind: DicomwebFaultKind, message: string, status?: number) {
    super(message);
    this.kind = kind;
    this.status = status;
  }
}

const RETRY_AFTER_SECONDS = 10;

/** What the caller hears of a fault. A PACS that gives no usable answer is told as any other store of images that cannot
 *  be reached: OVERLOADED, which means to come back later. */
export function asRadiographError(fault: DicomwebFault): RadiographError {
  switch (fault.kind) {
    case 'absent':
      return new RadiographError('NOT_FOUND', 'The PACS has no such object');
    case 'late':
    case 'abandoned':
      return new RadiographError('DEADLINE_EXCEEDED', 'The PACS did not answer in time; try again later');
    case 'too_large':
      return new RadiographError('FILE_TOO_LARGE', fault.message);
    case 'unreachable':
    case 'refused':
    case 'unusable':
    case 'resting':
      return new RadiographError('OVERLOADED', 'The PACS gives no usable answer now; try again later', {
        cause: fault,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    default:
      return fault.kind satisfies never;
  }
}
