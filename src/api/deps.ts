import type { OperatorLimits } from '../config.ts';
import type { Logger } from '../ops/log.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { SessionsQueue } from '../queue/sessions-queue.ts';
import type { ChangeHints } from './changes-when-ready.ts';
import type { Redis } from '../store/redis.ts';
import type { Secret } from '../token/secret.ts';
import type { Authenticator } from './auth.ts';
import type { ApiBounds } from './bounds.ts';
import type { Logins, LoginTimes } from './login/logins.ts';
import type { KeyWatch } from './key-watch.ts';
import type { RateLimits } from './rate-limits.ts';
import type { Slots } from './slots.ts';

/** An operator's key of the settings. */
export interface SettingsKey {
  name: string;
  key: Secret;
}

/** How long logs are kept after a session's end, and Idempotency-Keys, and lines of the audit log. */
export interface ApiKeep {
  logsMs: number;
  idempotencyMs: number;
  auditMs: number;
}

/** What the API works with. It has no Docker socket, no provider key and no token value. */
export interface ApiDeps {
  /** Fails at once when Redis is away. */
  redis: Redis;
  changes: ChangeHints;
  queue: SessionsQueue;
  authenticator: Authenticator;
  rates: RateLimits;
  logins: Logins;
  loginTimes: LoginTimes;
  /** Names, besides addresses, under which this API is called. */
  hosts: readonly string[];
  keyWatch: KeyWatch;
  /** Where the logs of sessions lie. */
  logDir: string;
  keep: ApiKeep;
  limits: OperatorLimits;
  /** Longer due than this, and a token that is to be gone raises the alarm. */
  debtAlarmSeconds: number;
  log: Logger;
  metrics: Metrics;
  /** Answers that go on, and calls that are not answered yet. */
  streams: Slots;
  calls: Slots;
  bounds: ApiBounds;
  /** Aborts when the process closes, and with it every answer that would go on. */
  closing: AbortSignal;
}
