import { explorerLink } from './explorer-link.ts';
import type { Operation } from './operation.ts';

/** Leads to the explorer with the very operation that is behind a view. */
export function ExplorerAnchor<Variables extends object>({
  operation,
  variables,
  view,
}: {
  operation: Operation<unknown, Variables>;
  variables: Variables;
  /** What the operation is behind, for whoever hears the link alone. */
  view: string;
}) {
  return (
    <a class="explorer" href={explorerLink(operation.text, variables)} target="_blank" rel="noopener">
      Open this query in the explorer<span class="unseen"> ({view}, in a new tab)</span>
    </a>
  );
}
