import type { Redis } from './redis.ts';

/** What stands under a key is no text but another type of Redis, such as `list`. */
export class OtherType {
  readonly type: string;

  constructor(type: string) {
    this.type = type;
  }
}

/** What stands under a record's key; null: nothing. */
export type Stored = string | OtherType | null;

export async function readStored(redis: Redis, key: string): Promise<Stored> {
  for (;;) {
    try {
      return await redis.get(key);
    } catch (error) {
      if (!isWrongType(error)) throw error;
    }
    const type = await redis.type(key);
    if (type === 'none') return null;
    // Otherwise it was written meanwhile.
    if (type !== 'string') return new OtherType(type);
  }
}

/** In the order of the keys. MGET gives nothing for a key of another type, so each of those is read by itself. */
export async function readAllStored(redis: Redis, keys: string[]): Promise<Stored[]> {
  if (keys.length === 0) return [];
  const texts = await redis.mget(keys);
  return Promise.all(keys.map(async (key, i) => texts[i] ?? readStored(redis, key)));
}

/** What can be read as text: nothing of another type. */
export function textIn(stored: Exclude<Stored, null>): string {
  return typeof stored === 'string' ? stored : '';
}

function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && error.message.startsWith('WRONGTYPE');
}
