import { z } from 'zod';
import { baseAddressSetting } from '#common/env.ts';

/** A DICOMweb server, and how we make ourselves known to it. */
export type PacsConfig = {
  /** The base of its services, such as http://pacs:8042/dicom-web. */
  readonly url: string;
  /** The header `authorization`, where it wants one. */
  readonly authorization: string | undefined;
};

/** Settings of the PACS; without `DICOMWEB_URL` there is none. */
export const pacsSettings = {
  DICOMWEB_URL: baseAddressSetting.optional(),
  DICOMWEB_USER: z
    .string()
    .regex(/^[^:]+$/, 'expected a name without a colon')
    .optional(),
  DICOMWEB_PASSWORD: z.string().min(1).optional(),
  // RFC 6750, 2.1.
  DICOMWEB_TOKEN: z
    .string()
    .regex(/^[\w.~+/-]+=*$/, 'expected a bearer token')
    .optional(),
};

/** @returns undefined without `DICOMWEB_URL` @throws Error that names what does not fit together */
export function pacsConfig(settings: z.output<z.ZodObject<typeof pacsSettings>>): PacsConfig | undefined {
  const { DICOMWEB_URL: url, DICOMWEB_USER: user, DICOMWEB_PASSWORD: password } = settings;
  const token = settings.DICOMWEB_TOKEN;
  if ((user === undefined) !== (password === undefined))
    throw new Error('Bad settings:\nDICOMWEB_USER and DICOMWEB_PASSWORD belong together');
  if (user !== undefined && token !== undefined)
    throw new Error('Bad settings:\nDICOMWEB_USER and DICOMWEB_TOKEN exclude each other');
  if (url === undefined && token !== undefined)
    throw new Error('Bad settings:\nDICOMWEB_TOKEN needs DICOMWEB_URL');
  // An account may stand there for a PACS that is not asked yet: a compose file gives it always.
  if (url === undefined) return undefined;
  const basic = user && `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return { url: url.replace(/\/+$/, ''), authorization: token ? `Bearer ${token}` : basic };
}
