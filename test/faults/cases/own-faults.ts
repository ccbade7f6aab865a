import { FAILPOINTS, type FailpointName } from '../../../src/ops/failpoints.ts';
import { keys } from '../../../src/store/keys.ts';
import type { Redis } from '../../../src/store/redis.ts';
import type { Role } from '../../support/stack.ts';
import { makeList } from '../../support/damage.ts';
import { eventually } from '../../support/eventually.ts';
import type { FaultCase } from '../fault-case.ts';
import type { Rig } from '../rig/rig.ts';
import type { SessionShape } from '../rig/workload.ts';
import { startRunning } from './start-running.ts';

const HIT_TIMEOUT_MS = 45_000;
const FREE_TIMEOUT_MS = 30_000;
const RENEWS = /^worker\.renew/;
const SHORT_LIVED = { DAYPASS_TOKEN_TTL_SECONDS: '8' };
const LONG = { lines: 120, delivery: 'gateway' } as const;
/** The session has ended by then, and its end stays what it is. */
const AFTER_THE_END = new Set<FailpointName>([
  'worker.ended',
  'worker.handler_begun',
  'worker.token_revoked',
  'worker.container_removed',
]);

/**
 * A fault of the program itself at each step of a session, met again whenever the step is tried again: the session ends,
 * once, its slot is free, and nothing is tried for ever. In minter and warden, which answer many, it is met once.
 */
const faultAt = (name: FailpointName): FaultCase => {
  const role = name.split('.')[0] as Role;
  const hit = role === 'worker' ? '@all' : '';
  return {
    name: `own_fault.${name}`,
    // An intent that nobody has asked for is waited for as long as one that was.
    ...(name === 'worker.intent_written' && { lawfulWithinMs: 90_000 }),
    async run(rig) {
      const { supervision, workload } = rig;
      const shape: Partial<SessionShape> = RENEWS.test(name) ? LONG : {};
      await supervision.restart(role, {
        DAYPASS_FAILPOINTS: `${name}=throw${hit}`,
        ...(RENEWS.test(name) && SHORT_LIVED),
      });
      const ids = await workload.startMany(3, shape);
      await eventually(
        () => supervision.printed(role),
        (printed) => printed.includes(`The failpoint ${name} was told to throw`) || role !== 'worker',
        { timeoutMs: HIT_TIMEOUT_MS },
      );
      for (const id of ids) {
        const { failure } = await workload.until(id, ({ endedAt }) => endedAt !== null);
        if (role !== 'worker' || AFTER_THE_END.has(name) || failure?.code === 'internal_error') continue;
        throw new Error(`session ${id} ended with ${JSON.stringify(failure)}`);
      }
      await slotsFree(rig);
    },
  };
};

/** What is written over the record of a session that runs. */
const DAMAGES: Record<string, (record: Record<string, unknown>) => string> = {
  is_no_json: () => '{"id":"ses_',
  is_empty: () => '{}',
  has_a_masked_status: (record) => JSON.stringify({ ...record, status: '[secret]' }),
  has_masked_names: (record) => JSON.stringify(record).replaceAll(/"(status|tokenId|sandbox)":/g, '"[secret]":'),
};

const damaged = ([name, damage]: [string, (typeof DAMAGES)[string]]): FaultCase => ({
  name: `own_fault.record_${name}`,
  async run(rig) {
    const ids = await startRunning(rig);
    for (const id of ids) {
      await rig.workload.until(id, ({ status }) => status === 'running');
      const record = JSON.parse((await rig.redis.get(keys.session(id))) ?? '{}') as Record<string, unknown>;
      await rig.redis.set(keys.session(id), damage(record));
    }
    for (const id of ids) await rig.workload.until(id, ({ endedAt }) => endedAt !== null);
    await slotsFree(rig);
  },
});

/** And over the line of its token. */
const TOKEN_DAMAGES: Record<string, (line: Record<string, unknown>) => string> = {
  is_no_json: () => '{"id":"tok_',
  is_empty: () => '{}',
  has_a_masked_state: (line) => JSON.stringify({ ...line, state: '[secret]' }),
  has_no_session: (line) => JSON.stringify({ ...line, sessionId: undefined }),
  has_masked_names: (line) => JSON.stringify(line).replaceAll(/"(state|sealed|grants)":/g, '"[secret]":'),
};

/** What is done to keys themselves, of the session's record and of its token's line. */
const KEY_DAMAGES: [name: string, key: 'session' | 'token', damage: (redis: Redis, key: string) => Promise<unknown>][] =
  [
    ['record_is_of_another_type', 'session', makeList],
    ['token_is_of_another_type', 'token', makeList],
    ['token_is_gone', 'token', (redis, key) => redis.del(key)],
  ];

const damagedKey = ([name, of, damage]: (typeof KEY_DAMAGES)[number]): FaultCase => ({
  name: `own_fault.${name}`,
  async run(rig) {
    const ids = await startRunning(rig);
    for (const id of ids) {
      await rig.workload.until(id, ({ status }) => status === 'running');
      const { tokenId } = JSON.parse((await rig.redis.get(keys.session(id))) ?? '{}') as { tokenId: string };
      await damage(rig.redis, of === 'session' ? keys.session(id) : keys.token(tokenId));
    }
    for (const id of ids) {
      const { failure } = await rig.workload.until(id, ({ endedAt }) => endedAt !== null);
      if (failure?.code !== 'internal_error') throw new Error(`session ${id} ended with ${JSON.stringify(failure)}`);
    }
    await slotsFree(rig);
  },
});

const damagedToken = ([name, damage]: [string, (typeof TOKEN_DAMAGES)[string]]): FaultCase => ({
  name: `own_fault.token_${name}`,
  async run(rig) {
    const ids = await startRunning(rig);
    for (const id of ids) {
      await rig.workload.until(id, ({ status }) => status === 'running');
      const { tokenId } = JSON.parse((await rig.redis.get(keys.session(id))) ?? '{}') as { tokenId: string };
      const line = JSON.parse((await rig.redis.get(keys.token(tokenId))) ?? '{}') as Record<string, unknown>;
      await rig.redis.set(keys.token(tokenId), damage(line));
    }
    for (const id of ids) await rig.workload.until(id, ({ endedAt }) => endedAt !== null);
    await slotsFree(rig);
  },
});

/** As programs, people and Daypass itself say them all the time. */
const WORDS = [
  'succeeded',
  'status',
  'stat',
  'exitCode',
  'token',
  'running',
  'ended',
  'failure',
  'message',
  'sessionId',
];

const namedAsOurWords: FaultCase = {
  name: 'own_fault.secrets_that_are_words_of_ours',
  survivable: true,
  async run(rig) {
    const ids = await Promise.all(WORDS.map((P) => rig.workload.start({ lines: 3, secrets: { P } })));
    for (const id of ids) await rig.workload.until(id, ({ status }) => status === 'succeeded');
    await slotsFree(rig);
  },
};

/** No worker holds a session any more: each has its place again. */
async function slotsFree({ stack }: Rig): Promise<void> {
  await eventually(
    async () => {
      const { data } = (await (await stack.call('GET', '/v1/workers')).json()) as { data: { running: string[] }[] };
      return data.flatMap(({ running }) => running);
    },
    (running) => running.length === 0,
    { timeoutMs: FREE_TIMEOUT_MS },
  );
}

/** Where the API fails its caller has no session. */
const steps = (Object.keys(FAILPOINTS) as FailpointName[]).filter((name) => !name.startsWith('api.'));

export const ownFaultCases: FaultCase[] = [
  ...steps.map(faultAt),
  ...Object.entries(DAMAGES).map(damaged),
  ...Object.entries(TOKEN_DAMAGES).map(damagedToken),
  ...KEY_DAMAGES.map(damagedKey),
  namedAsOurWords,
];
