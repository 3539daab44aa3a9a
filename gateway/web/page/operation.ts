/** An operation with the shape of its answer; its text is also what the explorer opens with. */
export type Operation<Data, Variables> = {
  readonly text: string;
  /** Never there: it carries the types alone. */
  readonly types?: (variables: Variables) => Data;
};

/** @param text what is sent, and what the explorer opens with */
export const operation = <Data, Variables>(text: string): Operation<Data, Variables> => ({ text });
