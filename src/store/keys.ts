/** Every key and channel that Daypass has in Redis; BullMQ keeps its own under `bull:`. */
export const keys = {
  session: (id: string) => `daypass:session:${id}`,
  token: (id: string) => `daypass:token:${id}`,
  idempotency: (owner: string, key: string) => `daypass:idempotency:${owner}:${key}`,
  /** Sorted by `indexEntry`, newest last. */
  sessions: 'daypass:sessions',
  /** A set: sessions of which something is still to be done: not ended, or container or token not gone. */
  unsettled: 'daypass:sessions:unsettled',
  sessionsByStatus: (status: string) => `daypass:sessions:status:${status}`,
  /** Sorted by `indexEntry` of the session's end: all ended ones, and those whose log is still kept. */
  ended: (index: 'sessions' | 'logs') => `daypass:ended:${index}`,
  tokens: 'daypass:tokens',
  tokensByState: (state: string) => `daypass:tokens:state:${state}`,
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
  /** A hash: how many messages came to which end. */
  webhookOutcomes: 'daypass:webhooks:outcomes',
  /** Pub/sub: a session's id each time anything of it changed. */
  changes: 'daypass:changes',
} as const;

/** A line of an index: sorts by time, unique by id, and says where a page goes on. */
export function indexEntry(time: string, id: string): string {
  return `${time} ${id}`;
}

export function idOfEntry(entry: string): string {
  return entry.slice(entry.indexOf(' ') + 1);
}
