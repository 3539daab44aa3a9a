import type { Device } from '@medplum/fhirtypes';
import { NOT_FOR_CLINICAL_USE } from './risk-words.ts';

export type ModelOfDevice = {
  readonly name: string;
  readonly version: string;
  readonly digest: string | null;
  readonly engine: string;
};

/** Id of the contained device. */
export const MODEL = 'model';

/** The model behind an answer, which is contained in the resource that it stands for. */
export function modelDevice({ name, version, digest, engine }: ModelOfDevice): Device {
  return {
    resourceType: 'Device',
    id: MODEL,
    status: 'active',
    deviceName: [{ name, type: 'model-name' }],
    type: { text: `Prediction model (${engine})` },
    version: [
      { type: { text: 'model version' }, value: version },
      ...(digest ? [{ type: { text: 'digest of the trained model' }, value: digest }] : []),
    ],
    note: [{ text: NOT_FOR_CLINICAL_USE }],
  };
}
