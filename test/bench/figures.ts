export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

/** A name with the least, the median and the greatest of its values, in ms. */
export function row(name: string, values: number[]): string {
  const figures = [Math.min(...values), median(values), Math.max(...values)];
  return `  ${name.padEnd(40)} ${figures.map((value) => value.toFixed(0).padStart(7)).join(' ')}`;
}
