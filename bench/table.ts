/** What was measured, how it came out, what it is held to (or nothing). */
export type Line = readonly [what: string, figure: string, goal: string];

/** Three figures that mean something, thousands apart. */
export function number(value: number): string {
  const rounded = value === 0 ? 0 : Number(value.toPrecision(3));
  return rounded.toLocaleString('en', { maximumFractionDigits: 2 }).replaceAll(',', ' ');
}

export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : number(value)} ms`;

/** Markdown, as it stands in the README. */
export function table(lines: readonly Line[], foot: string): string {
  const rows: Line[] = [['', 'measured', 'goal'], ...lines];
  const widths = [0, 1, 2].map((column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head, ...rest] = rows;
  const rule = widths.map((width) => '-'.repeat(width));
  return [line(head ?? []), line(rule), ...rest.map(line), '', foot].join('\n');
}
