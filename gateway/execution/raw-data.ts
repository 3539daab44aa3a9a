/** What subgraphs answered, joined: plain objects that nobody else holds. */
export type RawObject = Record<string, unknown>;

export function isRawObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An alias may be called like anything that every object inherits. */
export function own(object: RawObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function setOwn(object: RawObject, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { configurable: true, enumerable: true, value, writable: true });
}

/** Adds what a further answer knows of an object, in place. Lists of one length are joined entry by entry: they are the
 *  same list, asked for twice. */
export function mergeInto(target: RawObject, source: RawObject): void {
  for (const name of Object.keys(source)) {
    const value = source[name];
    if (value === undefined) continue;
    const before = own(target, name);
    if (isRawObject(before) && isRawObject(value)) mergeInto(before, value);
    else if (Array.isArray(before) && Array.isArray(value) && before.length === value.length)
      mergeLists(before, value);
    else setOwn(target, name, value);
  }
}

function mergeLists(target: unknown[], source: readonly unknown[]): void {
  for (const [i, value] of source.entries()) {
    const before = target[i];
    if (isRawObject(before) && isRawObject(value)) mergeInto(before, value);
    else if (Array.isArray(before) && Array.isArray(value) && before.length === value.length)
      mergeLists(before, value);
    else target[i] = value;
  }
}

/** A place in the data: names of fields, `@` for each entry of a list. */
export type DataPath = readonly (string | number)[];

/** The objects at a path, in the order of the data; what is null on the way is left out. */
export function objectsAt(data: unknown, path: DataPath, at = 0, found: RawObject[] = []): RawObject[] {
  if (Array.isArray(data)) {
    const next = path[at] === '@' ? at + 1 : at;
    for (const entry of data) objectsAt(entry, path, next, found);
  } else if (isRawObject(data)) {
    if (at === path.length) found.push(data);
    else objectsAt(own(data, String(path[at])), path, at + 1, found);
  }
  return found;
}

/** The places of those objects, in the same order, for the paths of errors. */
export function placesAt(data: unknown, path: DataPath): (string | number)[][] {
  const found: (string | number)[][] = [];
  const walk = (value: unknown, at: number, place: (string | number)[]) => {
    if (Array.isArray(value)) {
      const next = path[at] === '@' ? at + 1 : at;
      for (const [i, entry] of value.entries()) walk(entry, next, [...place, i]);
    } else if (isRawObject(value)) {
      const name = path[at];
      if (name === undefined) found.push(place);
      else walk(own(value, String(name)), at + 1, [...place, name]);
    }
  };
  walk(data, 0, []);
  return found;
}
