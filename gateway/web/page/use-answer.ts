import { useEffect, useState } from 'preact/hooks';
import type { Answer } from './graph.ts';
import type { Operation } from './operation.ts';
import { useSession } from './session.ts';
import { useStore } from './store.ts';

export type Asked<Data> = Answer<Data> & {
  /** Whether an answer is on its way; until it is there the one before it is shown. */
  readonly loading: boolean;
  again(): void;
};

const NOTHING = { data: undefined, faults: [] };

/** Asks the graph, and anew when the variables or the token change. @param variables null while there is nothing to ask */
export function useAnswer<Data, Variables extends object>(
  operation: Operation<Data, Variables>,
  variables: Variables | null,
): Asked<Data> {
  const { graph, credentials } = useSession();
  const token = useStore(credentials.token);
  const [answer, setAnswer] = useState<Answer<Data>>(NOTHING);
  const [round, setRound] = useState(0);
  const asked = variables && JSON.stringify([operation.text, variables, token, round]);
  const [answered, setAnswered] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` stands for the operation and its variables
  useEffect(() => {
    if (!variables) return;
    let stale = false;
    void graph.query(operation, variables).then((next) => {
      if (stale) return;
      setAnswer(next);
      setAnswered(asked);
    });
    return () => {
      stale = true;
    };
  }, [graph, asked]);
  return { ...answer, loading: answered !== asked, again: () => setRound((count) => count + 1) };
}
