const KEYWORDS = new Set(
  [
    'and',
    'or',
    'unless',
    'by',
    'without',
    'on',
    'ignoring',
    'group_left',
    'group_right',
    'bool',
    'offset',
  ].concat(['inf', 'nan', 'Inf', 'NaN']),
);

/** The metrics that a PromQL expression reads. Labels, functions and words of the language are none. */
export function metricNames(expr: string): string[] {
  const bare = expr
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const words = [...bare.matchAll(/(?<![\w.])[a-zA-Z_:][\w:]*(?=(\s*\()?)/g)];
  return [...new Set(words.filter(([word, call]) => !call && !KEYWORDS.has(word)).map(([word]) => word))];
}
