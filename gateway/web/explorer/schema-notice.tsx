import { pick, useGraphiQL } from '@graphiql/react';

/** By the code with which the introspection was refused. */
const NOTICES: Record<string, string> = {
  UNAUTHENTICATED:
    'This gateway wants a token: write { "authorization": "Bearer …" } into Headers, then fetch the schema again.',
  GRAPHQL_VALIDATION_FAILED:
    'This gateway does not show its schema: there is no completion and no documentation. Operations run all the same; variables of the type Upload take files.',
  FORBIDDEN: 'This gateway answers nothing but the operations of its safelist.',
};

/** Says why there is no schema, and what can be done without one; empty while there is one or it is still fetched. */
export function SchemaNotice() {
  const { schema, fetchError, isIntrospecting } = useGraphiQL(
    pick('schema', 'fetchError', 'isIntrospecting'),
  );
  const isMissing = !schema && !isIntrospecting && fetchError !== null;
  return (
    // There from the start: what appears together with its text is not read out.
    <div role="status" aria-label="Schema">
      {isMissing && <p className="schema-notice">{noticeOf(fetchError)}</p>}
    </div>
  );
}

/** @param fault the answer to the introspection, as GraphiQL keeps it: JSON, or a message */
function noticeOf(fault: string): string {
  const [, words] = Object.entries(NOTICES).find(([code]) => fault.includes(`"${code}"`)) ?? [];
  return words ?? 'The schema cannot be fetched now. Operations may run all the same.';
}
