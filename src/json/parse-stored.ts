/** A request of 3 MiB, its sealed secrets and all that becomes of its session have less. */
const MAX_CHARACTERS = 8 * 1024 ** 2;

/**
 * The JSON that is stored under a key of Redis. Throws where it is none, and before it is read where it is longer
 * than anything that Daypass stores.
 */
export function parseStored(text: string): unknown {
  if (text.length > MAX_CHARACTERS)
    throw new Error(`has ${text.length} characters, and nothing that is stored has more than ${MAX_CHARACTERS}`);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('is not JSON');
  }
}
