import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Answer } from './graph.ts';
import { type KnownAnswer, NOTHING_KNOWN, withAnswer } from './known-answer.ts';
import type { Operation } from './operation.ts';
import { useSession } from './session.ts';
import { useStore } from './store.ts';

export type Asked<Data> = Answer<Data> & {
  /** Whether an answer is on its way; until it is there the one before it is shown. */
  readonly loading: boolean;
  again(): void;
};

/** Asks the graph, and anew when the variables or the token change. @param variables null while there is nothing to ask */
export function useAnswer<Data, Variables extends object>(
  operation: Operation<Data, Variables>,
  variables: Variables | null,
): Asked<Data> {
  const { graph, credentials } = useSession();
  const token = useStore(credentials.token);
  const [{ data, faults }, setKnown] = useState<KnownAnswer<Data>>(NOTHING_KNOWN);
  const [round, setRound] = useState(0);
  const question = variables && JSON.stringify([operation.text, variables, token]);
  const asked = question && `${round} ${question}`;
  const [answered, setAnswered] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` stands for the operation and its variables
  useEffect(() => {
    if (!variables) return;
    let stale = false;
    void graph.query(operation, variables).then((next) => {
      if (stale) return;
      setKnown((before) => withAnswer(before, question, next));
      setAnswered(asked);
    });
    return () => {
      stale = true;
    };
  }, [graph, asked]);
  const again = useCallback(() => setRound((count) => count + 1), []);
  return { data, faults, loading: answered !== asked, again };
}
