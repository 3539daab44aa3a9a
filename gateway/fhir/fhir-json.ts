import type { FastifyRequest } from 'fastify';

export const FHIR_JSON = 'application/fhir+json; charset=utf-8';

const FORMATS = new Set(['json', 'text/json', 'application/json', 'application/fhir+json']);
const RANGES = new Set(['*/*', 'application/*']);
const R4 = /^4\.0(\.\d+)?$/;

/** Whether the answer may be R4 as JSON: by `_format`, which counts before the header (FHIR R4, section 3.1.0.1.11), or
 *  by `accept`. */
export function acceptsFhirJson({ headers, query }: Pick<FastifyRequest, 'headers' | 'query'>): boolean {
  const { _format } = query as { _format?: unknown };
  if (_format !== undefined)
    return typeof _format === 'string' && isJson(_format.replaceAll(' ', '+'), FORMATS);
  const accepted = (headers.accept ?? '*/*').split(',');
  return accepted.some((range) => isJson(range, FORMATS) || isJson(range, RANGES));
}

function isJson(range: string, types: ReadonlySet<string>): boolean {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  return types.has(type) && parameters.every(isMet);
}

function isMet(parameter: string): boolean {
  const [name, value = ''] = parameter.split('=').map((part) => part.trim().replaceAll('"', ''));
  if (name === 'q') return Number(value) > 0;
  return name !== 'fhirversion' || R4.test(value);
}
