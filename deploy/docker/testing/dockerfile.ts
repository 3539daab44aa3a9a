/** One instruction of a Dockerfile: its name in capitals, and what follows on its line or lines. */
export type Instruction = { readonly name: string; readonly flags: readonly string[]; readonly rest: string };

export type Stage = {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
};

/** Reads the part of the format that ours uses: no heredocs, no escapes but line ends.
 *  @throws Error for an instruction that the rehearsal does not know */
export function stagesOf(text: string): Stage[] {
  const args = new Map<string, string>();
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const { name, flags, rest } of instructionsOf(text)) {
    const [current] = stages.slice(-1);
    if (name === 'ARG' && !current) {
      const [key = '', value = ''] = rest.split('=');
      args.set(key, value);
    } else if (name === 'FROM') {
      const [, image = '', stage = String(stages.length)] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest) ?? [];
      const base = image.replace(/^\$\{(\w+)\}$/, (_, key: string) => args.get(key) ?? '');
      stages.push({ name: stage, base, instructions: [] });
    } else if (KNOWN.has(name) && current) current.instructions.push({ name, flags, rest });
    else throw new Error(`Expected an instruction that can be rehearsed, got ${name}`);
  }
  return stages;
}

const KNOWN = new Set(['WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'HEALTHCHECK', 'CMD']);

function instructionsOf(text: string): Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', given = '', rest = ''] = /^(\w+)\s+((?:--\S+\s+)*)(.*)$/.exec(line.trim()) ?? [];
      return { name: name.toUpperCase(), flags: given.split(/\s+/).filter(Boolean), rest };
    });
}
