import { parseStored } from './parse-stored.ts';

/** The fields of a stored text that should be a JSON object; none where it cannot be read. Pure. */
export function fieldsIn(text: string): Record<string, unknown> {
  try {
    return { ...(parseStored(text) as Record<string, unknown>) };
  } catch {
    return {};
  }
}
