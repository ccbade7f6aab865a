/** Every key and channel that Daypass has in Redis; BullMQ keeps its own under `bull:`. */
export const keys = {
  session: (id: string) => `daypass:session:${id}`,
  /** What a session's command reads from its standard input, in base64, where that is no secret. */
  stdin: (sessionId: string) => `daypass:stdin:${sessionId}`,
  token: (id: string) => `daypass:token:${id}`,
  idempotency: (keyId: string, key: string) => `daypass:idempotency:${keyId}:${key}`,
  apiKey: (id: string) => `daypass:api-key:${id}`,
  /** The id of the API key whose value has this hash, as long as it is not revoked. */
  apiKeyByHash: (hash: string) => `daypass:api-key-by-hash:${hash}`,
  /** Sorted by `indexEntry`, newest last. */
  apiKeys: 'daypass:api-keys',
  /** A hash by key id: when it was last used, to about a minute. */
  apiKeyUse: 'daypass:api-keys:used',
  /** A stream: who did what. */
  audit: 'daypass:audit',
  /** Counters that run out by themselves; the rest of their names is the limiter's. */
  rates: (limit: string) => `daypass:rate:${limit}`,
  /** Sorted by `indexEntry`, newest last. */
  sessions: 'daypass:sessions',
  /** A set: sessions of which something is still to be done: not ended, or container or token not gone. */
  unsettled: 'daypass:sessions:unsettled',
  sessionsByStatus: (status: string) => `daypass:sessions:status:${status}`,
  /** Sorted by `indexEntry` of the session's end: all ended ones, and those whose log is still kept. */
  ended: (index: 'sessions' | 'logs') => `daypass:ended:${index}`,
  tokens: 'daypass:tokens',
  tokensByState: (state: string) => `daypass:tokens:state:${state}`,
  /** The same four indexes, of what one API key has started. */
  ofKey: (keyId: string): RecordIndexes => ({
    sessions: `daypass:of:${keyId}:sessions`,
    sessionsByStatus: (status) => `daypass:of:${keyId}:sessions:status:${status}`,
    tokens: `daypass:of:${keyId}:tokens`,
    tokensByState: (state) => `daypass:of:${keyId}:tokens:state:${state}`,
  }),
  events: (sessionId: string) => `daypass:events:${sessionId}`,
  allEvents: 'daypass:events',
  worker: (name: string) => `daypass:worker:${name}`,
  workers: 'daypass:workers',
  /** What the minter publishes of itself: public key, provider, its abilities. */
  minter: 'daypass:minter',
  /** A hash by key id: the public keys that receipts are signed with. */
  receiptKeys: 'daypass:minter:receipt-keys',
  /** A set: sessions whose receipt may have become final and is not signed yet. */
  receiptsDue: 'daypass:receipts:due',
  /** A session's signed receipt. */
  receipt: (sessionId: string) => `daypass:receipt:${sessionId}`,
  /** Sessions with something to tell their receiver, by the time of the next try in ms. */
  webhooksDue: 'daypass:webhooks:due',
  /** A hash by the id of each of them: the API key that started it. */
  webhookKeys: 'daypass:webhooks:keys',
  /** A hash: how many messages came to which end. */
  webhookOutcomes: 'daypass:webhooks:outcomes',
  /** Somebody who has logged in to the dashboard, by the SHA-256 of what their browser sends. */
  login: (hash: string) => `daypass:login:${hash}`,
  /** Pub/sub: a session's id each time anything of it changed. */
  changes: 'daypass:changes',
} as const;

/** Where records are listed, each index sorted by `indexEntry`. */
export interface RecordIndexes {
  sessions: string;
  sessionsByStatus: (status: string) => string;
  tokens: string;
  tokensByState: (state: string) => string;
}

/** The indexes of one API key's records; of all records, if null. */
export function indexesOf(keyId: string | null): RecordIndexes {
  return keyId === null ? keys : keys.ofKey(keyId);
}

/** A line of an index: sorts by time, unique by id, and says where a page goes on. */
export function indexEntry(time: string, id: string): string {
  return `${time} ${id}`;
}

export function idOfEntry(entry: string): string {
  return entry.slice(entry.indexOf(' ') + 1);
}
