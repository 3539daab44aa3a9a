import type { FetchDataRewrite, QueryPlanSelectionNode } from '@apollo/query-planner';
import { type GraphQLSchema, isAbstractType, isInterfaceType, isObjectType } from 'graphql';
import { isRawObject, mergeInto, own, type RawObject, setOwn } from './raw-data.ts';

/** What a subgraph has to know of an entity before it adds to it: `__typename`, a key, and what fields of it require.
 *  @returns undefined when the data does not hold all of it */
export function representation(
  schema: GraphQLSchema,
  entity: RawObject,
  requires: readonly QueryPlanSelectionNode[],
): RawObject | undefined {
  const found: RawObject = {};
  for (const selection of requires) {
    if (selection.kind === 'InlineFragment') {
      if (!selection.typeCondition || !isOfType(schema, entity, selection.typeCondition, false)) continue;
      const part = representation(schema, entity, selection.selections);
      if (part) mergeInto(found, part);
      continue;
    }
    const name = selection.alias ?? selection.name;
    const value = own(entity, name);
    if (value === undefined) return undefined;
    found[name] = selection.selections ? parts(schema, value, selection.selections) : value;
  }
  return found;
}

function parts(schema: GraphQLSchema, value: unknown, requires: readonly QueryPlanSelectionNode[]): unknown {
  if (Array.isArray(value)) return value.map((entry) => parts(schema, entry, requires));
  return isRawObject(value) ? (representation(schema, value, requires) ?? null) : null;
}

const ON_TYPE = '... on ';

/** Changes data as the plan says: names of types or keys that a subgraph knows by another name. In place. */
export function rewrite(
  schema: GraphQLSchema,
  rewrites: readonly FetchDataRewrite[] | undefined,
  data: unknown,
): void {
  for (const each of rewrites ?? []) {
    const name = each.path.at(-1) ?? '';
    rewriteAt(schema, each.path.slice(0, -1), data, (object) => {
      if (each.kind === 'ValueSetter') return setOwn(object, name, each.setValueTo);
      const value = own(object, name);
      if (!value) return;
      setOwn(object, each.renameKeyTo, value);
      setOwn(object, name, undefined);
    });
  }
}

function rewriteAt(
  schema: GraphQLSchema,
  path: readonly string[],
  data: unknown,
  change: (object: RawObject) => void,
): void {
  if (Array.isArray(data)) for (const entry of data) rewriteAt(schema, path, entry, change);
  if (!isRawObject(data)) return;
  const [step, ...rest] = path;
  if (step === undefined) change(data);
  else if (!step.startsWith(ON_TYPE)) rewriteAt(schema, rest, own(data, step), change);
  else if (isOfType(schema, data, step.slice(ON_TYPE.length), true)) rewriteAt(schema, rest, data, change);
}

/** @param unknown the answer for an object that does not tell its type */
function isOfType(schema: GraphQLSchema, object: RawObject, condition: string, unknown: boolean): boolean {
  const name = own(object, '__typename');
  if (!name) return unknown;
  if (name === condition) return true;
  const type = schema.getType(String(name));
  const wanted = schema.getType(condition);
  return (
    isAbstractType(wanted) && (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(wanted, type)
  );
}
