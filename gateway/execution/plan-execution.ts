import type { FetchNode, PlanNode } from '@apollo/query-planner';
import type { GatewayGraphQLResponse } from '@apollo/server-gateway-interface';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import {
  type DataPath,
  isRawObject,
  mergeInto,
  objectsAt,
  own,
  placesAt,
  type RawObject,
} from './raw-data.ts';
import { representation, rewrite } from './representation.ts';

/** Asks the subgraph of a step of a plan.
 *  @throws GraphQLError when it gives no answer */
export type AskSubgraph = (
  fetch: FetchNode,
  variables: Readonly<Record<string, unknown>>,
) => Promise<GatewayGraphQLResponse>;

/** A plan under way. */
export type PlanRun = {
  readonly ask: AskSubgraph;
  /** With all that is hidden from clients: keys may be. */
  readonly supergraphSchema: GraphQLSchema;
  /** As the client sent them: the operations of the plan state their defaults themselves. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** With defaults, for conditions. */
  readonly coerced: Readonly<Record<string, unknown>>;
  /** What is known so far; steps add to it. */
  readonly data: RawObject;
  readonly errors: GraphQLError[];
};

/** Runs a plan of the query planner. A step that fails leaves its error and goes on: what it would have added is null
 *  in the answer. */
export async function executePlan(node: PlanNode, run: PlanRun, path: DataPath = []): Promise<void> {
  switch (node.kind) {
    case 'Fetch':
      return fetchInto(node, run, path).catch((error: unknown) => {
        run.errors.push(error as GraphQLError);
      });
    case 'Flatten':
      return executePlan(node.node, run, [...path, ...node.path]);
    case 'Sequence':
      for (const step of node.nodes) await executePlan(step, run, path);
      return;
    case 'Parallel':
      await Promise.all(node.nodes.map((step) => executePlan(step, run, path)));
      return;
    case 'Condition': {
      const branch = own(run.coerced, node.condition) === true ? node.ifClause : node.elseClause;
      if (branch) await executePlan(branch, run, path);
      return;
    }
    case 'Defer':
      throw new Error('Expected no @defer: the schema does not offer it');
    default:
      node satisfies never;
  }
}

async function fetchInto(fetch: FetchNode, run: PlanRun, path: DataPath): Promise<void> {
  const entities = path.length === 0 ? [run.data] : objectsAt(run.data, path);
  if (entities.length === 0) return;
  const variables: Record<string, unknown> = {};
  for (const name of fetch.variableUsages ?? []) {
    const value = own(run.variables, name);
    if (value !== undefined) variables[name] = value;
  }
  if (fetch.requires) return fetchEntities(fetch, run, path, entities, variables);
  const { data, errors } = await run.ask(fetch, variables);
  for (const error of errors ?? [])
    run.errors.push(subgraphError(error, error.path && [...withoutMarks(path), ...error.path]));
  if (!data) return;
  rewrite(run.supergraphSchema, fetch.outputRewrites, data);
  for (const entity of entities) mergeInto(entity, data);
}

async function fetchEntities(
  fetch: FetchNode,
  run: PlanRun,
  path: DataPath,
  entities: readonly RawObject[],
  variables: Record<string, unknown>,
): Promise<void> {
  const { supergraphSchema, errors } = run;
  const representations: RawObject[] = [];
  /** The place in `entities` of each representation. */
  const owners: number[] = [];
  for (const [i, entity] of entities.entries()) {
    const made = representation(supergraphSchema, entity, fetch.requires ?? []);
    if (!made?.__typename) continue;
    rewrite(supergraphSchema, fetch.inputRewrites, made);
    representations.push(made);
    owners.push(i);
  }
  if (representations.length === 0) return;
  const answer = await run.ask(fetch, { ...variables, representations });
  if (answer.errors) {
    const places = placesAt(run.data, path);
    for (const error of answer.errors) {
      const [, index, ...rest] = error.path ?? [];
      const place = typeof index === 'number' ? places[owners[index] ?? -1] : undefined;
      errors.push(subgraphError(error, place ? [...place, ...rest] : withoutMarks(path)));
    }
  }
  if (!answer.data) return;
  const received: unknown = answer.data._entities;
  if (!Array.isArray(received) || received.length !== representations.length)
    throw new Error(`Expected ${representations.length} entities in the answer of ${fetch.serviceName}`);
  for (const [i, value] of received.entries()) {
    const entity = entities[owners[i] ?? -1];
    if (!entity || !isRawObject(value)) continue;
    // Rewrites may ask for it, and a subgraph need not repeat it.
    if (!value.__typename) value.__typename = entity.__typename;
    rewrite(supergraphSchema, fetch.outputRewrites, value);
    mergeInto(entity, value);
  }
}

/** An error's path names entries by their number, where it names them at all. */
const withoutMarks = (path: DataPath) => path.filter((step) => step !== '@');

function subgraphError(
  { message, extensions }: GraphQLFormattedError,
  path: readonly (string | number)[] | undefined,
): GraphQLError {
  return new GraphQLError(message, { path: path ?? null, extensions: extensions ?? null });
}
