/** `840 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.floor(seconds);
  if (whole < 3_600) return two([Math.floor(whole / 60), 'min'], [whole % 60, 's']);
  const minutes = Math.floor(whole / 60);
  if (minutes < 1_440) return two([Math.floor(minutes / 60), 'h'], [minutes % 60, 'min']);
  return two([Math.floor(minutes / 1_440), 'd'], [Math.floor((minutes % 1_440) / 60), 'h']);
}

function two([large, ofLarge]: [number, string], [small, ofSmall]: [number, string]): string {
  return small === 0 ? `${large} ${ofLarge}` : `${large} ${ofLarge} ${small} ${ofSmall}`;
}
