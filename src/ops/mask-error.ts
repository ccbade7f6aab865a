/** Words of a program that say which error it is. */
const STRUCTURE = new Set(['type', 'name', 'code', 'errno', 'syscall']);

/**
 * A serialized error with every text in it masked, at whatever depth: message, stack, what a library has added, causes.
 * Names of fields and what says which error it is stay as they are. Pure.
 */
export function maskErrorTexts(serialized: unknown, mask: (outside: string) => string): unknown {
  const seen = new Set<object>();
  const masked = (value: unknown): unknown => {
    if (typeof value === 'string') return mask(value);
    if (typeof value !== 'object' || value === null) return value;
    // An error may hold the socket that it is about, which holds everything else.
    if (seen.has(value)) return '[circular]';
    seen.add(value);
    if (Array.isArray(value)) return value.map(masked);
    if (hasOwnText(value)) return masked(value.toJSON());
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, STRUCTURE.has(name) ? item : masked(item)]),
    );
  };
  return masked(serialized);
}

/** What says itself how it is written down, such as a `Secret`, a date or bytes. */
function hasOwnText(value: object): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}
