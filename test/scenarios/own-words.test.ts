import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventSchema } from '../../src/api/schemas/event.ts';
import { receiptSchema } from '../../src/api/schemas/receipt.ts';
import { sessionSchema } from '../../src/api/schemas/session.ts';
import { FAILURE_CODES } from '../../src/errors.ts';
import { SESSION_EVENT_TYPES } from '../../src/session/event.ts';
import { sessionProblem } from '../../src/session/record-shape.ts';
import { SESSION_STATUSES } from '../../src/session/status.ts';
import { connectPatientRedis, type Redis } from '../../src/store/redis.ts';
import { tokenProblem } from '../../src/token/record-shape.ts';
import { TOKEN_STATES } from '../../src/token/state.ts';
import { eventually } from '../support/eventually.ts';
import { nothingLeft, startStack, type Stack } from '../support/stack.ts';
import { startReceiver, WEBHOOK_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { createRepo, settled, startSession, until } from './session.ts';

/** A shorter value is not masked. */
const SHORTEST = 4;
/** Of one session. */
const MAX_SECRETS = 64;
let stack: Stack;
let receiver: WebhookReceiver;
let redis: Redis;
let repo: string;

beforeAll(async () => {
  receiver = await startReceiver();
  stack = await startStack({
    DAYPASS_LOG_LEVEL: 'trace',
    DAYPASS_WEBHOOK_PRIVATE_HOSTS: receiver.host,
    DAYPASS_WEBHOOK_CA_FILE: receiver.certificateFile,
  });
  redis = connectPatientRedis(stack.redis.url);
  repo = await createRepo(stack);
});
afterAll(async () => {
  redis?.disconnect();
  await stack?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
});

/** The ways in which a session can go, each with what it ends as. */
const LIVES = {
  succeeded: {
    command: ['sh', '-c', 'echo succeeded; curl -s -m 5 https://stat.example.com/; curl -s http://status/; true'],
  },
  failed: { command: ['sh', '-c', 'echo status >&2; exit 3'] },
  stopped: { command: ['sleep', '60'] },
  timed_out: { command: ['sleep', '60'], timeoutSeconds: 12 },
  ref_not_found: { command: ['true'], ref: 'running' },
  command_not_found: { command: ['no-such-program'] },
} as const;
type LifeName = keyof typeof LIVES;

/** Everything that is kept and told of one session, when nothing of it is left. */
async function liveThrough(name: LifeName, secrets: Record<string, string>) {
  const { ref, ...life } = { ref: undefined, ...LIVES[name] };
  const { id } = await startSession(stack, {
    repos: [{ id: repo, path: 'app', ...(ref && { ref }) }],
    webhook: { url: receiver.url, secret: WEBHOOK_SECRET },
    ...life,
    secrets,
  });
  if (name === 'stopped') {
    await until(stack, id, ({ status }) => status !== 'queued' && status !== 'starting');
    await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 1 });
  }
  const ended = await settled(stack, id);
  await eventually(
    () => receiver.received.filter(({ text }) => text.includes(id)),
    (found) => found.some(({ text }) => text.includes('"type":"session.settled"')),
    { timeoutMs: 30_000 },
  );
  await eventually(
    async () => (await (await stack.call('GET', `/v1/sessions/${id}/receipt`)).json()) as { signature: unknown },
    ({ signature }) => signature !== null,
    { timeoutMs: 30_000 },
  );
  const json = async (path: string): Promise<unknown> => (await stack.call('GET', `/v1/sessions/${id}${path}`)).json();
  const record = JSON.parse((await redis.get(`daypass:session:${id}`)) ?? '') as Record<string, unknown>;
  const token = JSON.parse((await redis.get(`daypass:token:${ended.token?.id}`)) ?? '') as Record<string, unknown>;
  const stream = await redis.xrange(`daypass:events:${id}`, '-', '+');
  return {
    session: await json(''),
    events: ((await json('/events?limit=200')) as { data: unknown[] }).data,
    receipt: await json('/receipt'),
    record,
    token,
    stored: stream.map(([, fields]) => JSON.parse(fields[1] ?? '') as { type: string }),
    webhooks: receiver.received.filter(({ text }) => text.includes(id)).map(({ text }) => JSON.parse(text) as unknown),
  };
}

type Told = Awaited<ReturnType<typeof liveThrough>>;

/** Names of fields, at whatever depth, and the types of what they hold. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shapeOf(item)]));
}

/** What it went through, without what differs from one session to the next. */
function storyOf({ session, record, token, stored, receipt }: Told) {
  const { status, exitCode, failure } = record as {
    status: string;
    exitCode: number;
    failure: { code: string } | null;
  };
  // How many times it was seen at something differs, and when a message was confirmed.
  const milestones = stored.filter(({ type }) => type !== 'network' && !type.startsWith('webhook_'));
  return {
    status,
    exitCode,
    failure: failure && { ...failure, message: '' },
    tokenState: token['state'],
    steps: milestones.map(({ type }) => type).toSorted(),
    shapes: shapeOf({ session, record: { ...record, webhook: null }, token, receipt }),
  };
}

/** Every word of at least four letters in texts, names and values, and the parts that ids and times are made of. */
function wordsIn(told: Told[]): Set<string> {
  const words = new Set<string>([
    ...[...SESSION_STATUSES, ...TOKEN_STATES, ...SESSION_EVENT_TYPES, ...FAILURE_CODES],
    ...[
      'stat',
      'succ',
      'exit',
      'null',
      'true',
      'false',
      'daypass',
      '[secret]',
      'secret',
      '":{"',
      '","',
      '2026',
      '.000Z',
      'level',
    ],
  ]);
  const look = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value)) (words.add(name), look(item));
    } else if (typeof value === 'string') for (const word of value.split(/[\s:;,/.()"']+/)) words.add(word);
  };
  for (const one of told) look(one);
  return new Set([...words].filter((word) => word.length >= SHORTEST && word.length < 60));
}

test(
  'no session is changed by secrets that are called as anything in our own records is',
  { timeout: 240_000 },
  async () => {
    const names = Object.keys(LIVES) as LifeName[];
    const plain = new Map<LifeName, Told>();
    for (const name of names) plain.set(name, await liveThrough(name, { HARMLESS: 'no-word-of-ours-at-all' }));
    const words = [...wordsIn([...plain.values()])];
    expect(words.length).toBeGreaterThan(150);
    expect(words).toEqual(
      expect.arrayContaining(['succeeded', 'status', 'stat', 'exitCode', 'token', 'running', 'failure']),
    );

    const masked: { name: LifeName; secrets: string[]; told: Told }[] = [];
    for (let at = 0; at < words.length; at += MAX_SECRETS) {
      const secrets = words.slice(at, at + MAX_SECRETS);
      const variables = Object.fromEntries(secrets.map((word, i) => [`WORD_${i}`, word]));
      // One that waits for its deadline takes long.
      const tried = names.filter((name) => name !== 'timed_out' || secrets.includes(name));
      const lives = tried.map(async (name) => ({ name, secrets, told: await liveThrough(name, variables) }));
      masked.push(...(await Promise.all(lives)));
    }
    for (const { name, told } of masked) {
      expect([name, storyOf(told)]).toEqual([name, storyOf(plain.get(name) as Told)]);
      expect(sessionProblem(told.record)).toBeNull();
      expect(tokenProblem(told.token)).toBeNull();
      expect(() => sessionSchema.parse(told.session)).not.toThrow();
      expect(() => z.array(eventSchema).parse(told.events)).not.toThrow();
      expect(() => receiptSchema.parse(told.receipt)).not.toThrow();
      const types = (told.webhooks as { type: string }[]).map(({ type }) => type);
      expect(types).toEqual(expect.arrayContaining(['session.ended', 'session.settled']));
    }
    // What came from outside is masked all the same.
    const ofRef = masked.find(({ name, secrets }) => name === 'ref_not_found' && secrets.includes('running'));
    expect(ofRef?.told.record['failure']).toEqual({
      code: 'ref_not_found',
      message: `Repo ${repo} has no such branch, tag or commit: [secret]`,
      step: 'clone',
    });
    const ofHosts = masked.find(({ name, secrets }) => name === 'succeeded' && secrets.includes('stat'));
    expect(JSON.stringify(ofHosts?.told.stored)).toContain('"host":"[secret].example.com"');

    for (const line of stack.process('worker').lines()) {
      expect(Object.keys(JSON.parse(line) as object)).toEqual(expect.arrayContaining(['level', 'time', 'role', 'msg']));
    }
    const list = (await (await stack.call('GET', '/v1/sessions')).json()) as { data: unknown[] };
    expect(() => z.array(sessionSchema).parse(list.data)).not.toThrow();
    expect(await nothingLeft(stack)).toEqual([]);
  },
);
