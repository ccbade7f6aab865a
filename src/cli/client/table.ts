import { visible } from '../terminal/visible.ts';

/** Rows in columns, as wide as their widest cell. Control characters in a cell are made visible. */
export function table(head: string[], cells: string[][]): string[] {
  const rows = cells.map((row) => row.map(visible));
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
