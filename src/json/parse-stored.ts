/** A request of 1 MiB, its sealed secrets and all that becomes of its session have less. */
const MAX_CHARACTERS = 8 * 1024 ** 2;

/** What is stored under a key cannot be read as JSON; the message says why, to be read after its name. */
export class NotStoredJson extends Error {
  override readonly name = 'NotStoredJson';
}

/**
 * The JSON that is stored under a key of Redis. Throws `NotStoredJson` where it is none, and before it is read where it is longer
 * than anything that Daypass stores.
 */
export function parseStored(text: string): unknown {
  if (text.length > MAX_CHARACTERS)
    throw new NotStoredJson(
      `has ${text.length} characters, and nothing that is stored has more than ${MAX_CHARACTERS}`,
    );
  try {
    return JSON.parse(text);
  } catch {
    throw new NotStoredJson('is not JSON');
  }
}
