import { useEffect, useState } from 'preact/hooks';

/** A value that tells when it changes. */
export type Store<Value> = {
  get(): Value;
  set(next: Value): void;
  update(change: (value: Value) => Value): void;
  /** @returns what ends the listening */
  listen(listener: () => void): () => void;
};

export function store<Value>(initial: Value): Store<Value> {
  let value = initial;
  const listeners = new Set<() => void>();
  const set = (next: Value) => {
    if (next === value) return;
    value = next;
    for (const listener of listeners) listener();
  };
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<Value>(source: Store<Value>): Value {
  const [value, setValue] = useState(source.get);
  useEffect(() => {
    const read = () => setValue(source.get);
    // It may have changed between the rendering and now.
    read();
    return source.listen(read);
  }, [source]);
  return value;
}
