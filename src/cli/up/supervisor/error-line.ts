/** pino's number for errors; fatal is above it. */
const ERROR_LEVEL = 50;

/** What a role's log line reports as an error, in short; null: it is no error. Lines that are not JSON are none. */
export function errorIn(line: string): string | null {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof record !== 'object' || record === null) return null;
  const { level, msg, err, reason } = record as Record<string, unknown>;
  if (typeof level !== 'number' || level < ERROR_LEVEL) return null;
  const cause = typeof err === 'object' && err !== null ? (err as { message?: unknown }).message : reason;
  return [msg, cause].filter((part) => typeof part === 'string' && part !== '').join(': ') || line;
}
