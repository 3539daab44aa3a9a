import { operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { type PlanNode, QueryPlanner, type SubscriptionNode } from '@apollo/query-planner';
import {
  type DocumentNode,
  type ExecutionResult,
  executeSync,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { conditionVariables, fieldCollector } from './field-collector.ts';
import { type AskSubgraph, executePlan } from './plan-execution.ts';
import type { RawObject } from './raw-data.ts';
import { type ResultShape, resultShape } from './result-shape.ts';

/** One version of the supergraph. What began with it ends with it. */
export type Federation = {
  readonly sdl: string;
  /** What clients see. */
  readonly schema: GraphQLSchema;
  /** @param document valid under `schema` @throws GraphQLError when it names no such operation */
  planned(document: DocumentNode, operationName: string | null | undefined): PlannedOperation;
};

/** How an operation is answered. */
export type PlannedOperation = {
  readonly operation: OperationDefinitionNode;
  /** None for an operation that asks for nothing of a subgraph. */
  readonly node: PlanNode | SubscriptionNode | undefined;
  execute(run: OperationRun): Promise<ExecutionResult>;
};

export type OperationRun = {
  /** The plan of the operation, or what is left of it. */
  readonly node: PlanNode | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly ask: AskSubgraph;
  /** What is known already, such as the event of a subscription. */
  readonly begun?: { readonly data: RawObject; readonly errors: readonly GraphQLError[] };
  /** Whether errors keep quiet about names of the schema that are like those given. */
  readonly hideSuggestions?: boolean;
};

/** Conditions of one operation for which a shape is kept. */
const SHAPES = 8;
const MOST_VARIABLE_ERRORS = 50;

/** @throws Error when the gateway could not serve this supergraph */
export function federation(sdl: string): Federation & { readonly subgraphs: readonly string[] } {
  const supergraph = Supergraph.build(sdl);
  const apiSchema = supergraph.apiSchema();
  const schema = apiSchema.toGraphQLJSSchema();
  const supergraphSchema = supergraph.schema.toGraphQLJSSchema();
  const planner = new QueryPlanner(supergraph);
  // The server keeps documents, and with a document goes its plan.
  const known = new WeakMap<DocumentNode, Map<string, PlannedOperation>>();

  const plan = (document: DocumentNode, operationName: string | null | undefined): PlannedOperation => {
    const operation = getOperationAST(document, operationName);
    if (!operation) throw new Error('Expected operationName to name one operation');
    const named = operationName ? { operationName } : {};
    const asked = operationFromDocument(apiSchema, alwaysAsked(document), named);
    const { node } = planner.buildQueryPlan(asked);
    const definitions = operation.variableDefinitions ?? [];
    const conditions = conditionVariables(document);
    const shapeFor = shapes(schema, document, operation, conditions);
    const introspect = introspection(schema, document, operation);
    return {
      operation,
      node,
      async execute({ node: steps, variables, ask, begun, hideSuggestions = false }) {
        const { errors: faulty, coerced } = getVariableValues(schema, definitions, variables, {
          maxErrors: MOST_VARIABLE_ERRORS,
          hideSuggestions,
        });
        if (faulty) return { errors: faulty.map(asBadInput) };
        const unset = conditions.find((name) => coerced[name] === null);
        if (unset !== undefined)
          return { errors: [asBadInput(new GraphQLError(`Expected $${unset} as true or false, got null`))] };
        const data = begun?.data ?? (Object.create(null) as RawObject);
        const errors = [...(begun?.errors ?? [])];
        if (steps) await executePlan(steps, { ask, supergraphSchema, variables, coerced, data, errors });
        const shaped = shapeFor(coerced)(data, introspect(variables, coerced));
        // A null is explained by what its subgraph said, where that said anything.
        const told = errors.length > 0 ? errors : shaped.faults;
        return { data: shaped.data, ...(told.length > 0 && { errors: told }) };
      },
    };
  };

  return {
    sdl,
    schema,
    subgraphs: [...supergraph.subgraphsMetadata()].map(({ name }) => name),
    planned(document, operationName) {
      const plans = known.get(document) ?? new Map<string, PlannedOperation>();
      known.set(document, plans);
      const planned = plans.get(operationName ?? '') ?? plan(document, operationName);
      plans.set(operationName ?? '', planned);
      return planned;
    },
  };
}

/** Shapes by the values of the conditions in a document, each compiled once. */
function shapes(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  conditions: readonly string[],
) {
  const made = new LRUCache<string, ResultShape>({ max: SHAPES });
  return (coerced: Readonly<Record<string, unknown>>): ResultShape => {
    const key = conditions.map((name) => coerced[name] === true).join();
    const shape = made.get(key) ?? resultShape(schema, document, operation, coerced);
    made.set(key, shape);
    return shape;
  };
}

function asBadInput({ message, nodes }: GraphQLError): GraphQLError {
  return new GraphQLError(message, { nodes, extensions: { code: 'BAD_USER_INPUT' } });
}

/** The planner asks no subgraph for a field whose whole selection may be left out, even where the field itself is
 *  not: with `__typename` there is always something to ask for. */
function alwaysAsked(document: DocumentNode): DocumentNode {
  return visit(document, {
    Field: {
      leave(node) {
        const { selections = [] } = node.selectionSet ?? {};
        const isAsked = selections.some(({ kind, directives }) => kind === Kind.FIELD && !directives?.length);
        if (!node.selectionSet || isAsked) return undefined;
        return { ...node, selectionSet: { ...node.selectionSet, selections: [TYPENAME, ...selections] } };
      },
    },
  });
}

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

const NOTHING: RawObject = Object.freeze({});

/** Answers `__schema` and `__type`, which no subgraph is asked for. */
function introspection(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) {
  const root = schema.getRootType(operation.operation);
  if (!root || !asksForSchema(document)) return () => NOTHING;
  return (
    variableValues: Readonly<Record<string, unknown>>,
    coerced: Readonly<Record<string, unknown>>,
  ): RawObject => {
    const fields = fieldCollector(schema, document, coerced)(root, [operation.selectionSet]);
    const selections = [...fields.values()].flat().filter(isIntrospection);
    const asked = { ...operation, selectionSet: { ...operation.selectionSet, selections } };
    const definitions = document.definitions.map((node) => (node === operation ? asked : node));
    const operationName = operation.name?.value ?? null;
    const { data } = executeSync({
      schema,
      document: { ...document, definitions },
      operationName,
      variableValues,
    });
    return (data ?? NOTHING) as RawObject;
  };
}

function asksForSchema(document: DocumentNode): boolean {
  let asks = false;
  visit(document, {
    Field(node) {
      asks ||= isIntrospection(node);
    },
  });
  return asks;
}

function isIntrospection({ name }: FieldNode): boolean {
  return name.value === '__schema' || name.value === '__type';
}
