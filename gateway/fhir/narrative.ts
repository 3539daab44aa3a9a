import type { Narrative } from '@medplum/fhirtypes';

/** What people read where a resource is shown as it is. */
export function narrative(...paragraphs: readonly string[]): Narrative {
  const escaped = paragraphs.map((text) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  );
  const inner = escaped.map((text) => `<p>${text}</p>`).join('');
  return { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>` };
}
