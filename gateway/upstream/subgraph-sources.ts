import type { OperationTypeNode } from 'graphql';
import type { GatewayContext } from '../context.ts';
import type { AskSubgraph } from '../execution/plan-execution.ts';
import type { SubgraphSource } from './subgraph-source.ts';

export type SubgraphSources = ReadonlyMap<string, SubgraphSource>;

/** The subgraphs, asked on behalf of one operation.
 *  @param within what the client's operation is */
export function subgraphsFor(
  sources: SubgraphSources,
  context: GatewayContext,
  within: `${OperationTypeNode}`,
): AskSubgraph {
  return async (fetch, variables) => {
    // Here at the latest: the subgraph will look for them.
    await context.uploads?.keep();
    const source = sources.get(fetch.serviceName);
    if (!source) throw new Error(`There is no subgraph ${fetch.serviceName}`);
    return source.ask(fetch, variables, context, within);
  };
}
