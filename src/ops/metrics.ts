import { Counter, Gauge, Registry } from 'prom-client';

/** What the store says at the time of a scrape. */
interface StoreFigures {
  sessions: Record<string, number>;
  tokens: Record<string, number>;
  revocationDebt: { count: number; oldestSeconds: number | null; alarm: boolean };
  overdueSessions: { count: number; oldestSeconds: number | null };
  webhooks: { waiting: number; delivered: number; failed: number } | null;
}

export interface Metrics {
  /** Counts an answered call. `route` is the path as documented, so that ids make no new series. */
  countRequest(request: { method: string; route: string; status: number }): void;
  /** All figures in Prometheus' text form. `stats` is null while the store is away. */
  render(now: { stats: StoreFigures | null; openStreams: number }): Promise<string>;
}

/** Figures of one process, in a registry of its own. */
export function createMetrics(): Metrics {
  const registers = [new Registry()] as const;
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> =>
    new Gauge({ name, help, labelNames, registers: [...registers] });
  const requests = new Counter({
    name: 'daypass_http_requests_total',
    help: 'Answered calls of the API.',
    labelNames: ['method', 'route', 'status'] as const,
    registers: [...registers],
  });
  const sessions = gauge('daypass_sessions', 'Sessions by status.', ['status']);
  const tokens = gauge('daypass_tokens', 'Tokens of the ledger by state.', ['state']);
  const debt = gauge('daypass_revocation_debt', 'Tokens that are to be gone and are not yet.');
  const oldest = gauge('daypass_revocation_debt_oldest_seconds', 'How long the oldest of them has been due.');
  const alarm = gauge('daypass_revocation_debt_alarm', '1 while the oldest has been due for too long.');
  const overdue = gauge('daypass_sessions_overdue', 'Sessions past their deadline and grace that have not ended.');
  const overdueFor = gauge('daypass_sessions_overdue_oldest_seconds', 'How long the oldest of them should have ended.');
  const unknown = gauge(
    'daypass_tokens_unknown',
    'Tokens that may exist and that nobody can delete; their TTL ends them.',
  );
  const streams = gauge('daypass_open_streams', 'Answers that go on, such as a followed log.');
  const webhooksWaiting = gauge('daypass_webhooks_waiting', 'Sessions with something to tell their receiver.');
  // Counted in the store by all workers together, so that a restart of this process begins nothing anew.
  const webhooks = gauge('daypass_webhooks_total', 'Messages to receivers, by how they ended.', ['outcome']);
  const storeUp = gauge('daypass_store_up', 'Whether Redis answers.');
  return {
    countRequest: ({ method, route, status }) => requests.inc({ method, route, status: `${status}` }),
    render: async ({ stats, openStreams }) => {
      streams.set(openStreams);
      storeUp.set(stats === null ? 0 : 1);
      // An old figure would look like a present one.
      const figures = [sessions, tokens, debt, oldest, alarm, overdue, overdueFor, unknown, webhooksWaiting, webhooks];
      for (const figure of figures) figure.reset();
      if (stats !== null) {
        for (const [status, count] of Object.entries(stats.sessions)) sessions.set({ status }, count);
        for (const [state, count] of Object.entries(stats.tokens)) tokens.set({ state }, count);
        debt.set(stats.revocationDebt.count);
        oldest.set(stats.revocationDebt.oldestSeconds ?? 0);
        alarm.set(stats.revocationDebt.alarm ? 1 : 0);
        overdue.set(stats.overdueSessions.count);
        overdueFor.set(stats.overdueSessions.oldestSeconds ?? 0);
        webhooksWaiting.set(stats.webhooks?.waiting ?? 0);
        webhooks.set({ outcome: 'delivered' }, stats.webhooks?.delivered ?? 0);
        webhooks.set({ outcome: 'failed' }, stats.webhooks?.failed ?? 0);
        unknown.set(stats.tokens['unknown'] ?? 0);
      }
      return registers[0].metrics();
    },
  };
}
