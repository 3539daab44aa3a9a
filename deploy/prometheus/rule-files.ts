import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export type Rule = {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

type RuleFile = { readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] };

/** Every rule of a folder of rule files. */
export function rulesOf(folder: string): Rule[] {
  return globSync(join(folder, '*.yml')).flatMap((file) =>
    (parse(readFileSync(file, 'utf8')) as RuleFile).groups.flatMap(({ rules }) => rules),
  );
}
