import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { change, readToken } from '../../../src/store/records.ts';
import type { TokenRecord } from '../../../src/token/record.ts';
import type { MinterDeps } from '../../../src/token/minter/deps.ts';
import { createRevoker } from '../../../src/token/minter/revoker.ts';
import { openSpool } from '../../../src/token/minter/spool.ts';
import { createRelaceProvider } from '../../../src/token/relace/relace-provider.ts';
import { createKeyRing } from '../../../src/token/sealing.ts';
import { Secret } from '../../../src/token/secret.ts';
import { eventually } from '../../support/eventually.ts';
import { aToken } from '../../support/records.ts';
import { useTestRedis } from '../../support/redis.ts';
import { openRepoHostSwitch, RETRY_AFTER_SECONDS, type Behaviour } from '../../support/repo-host-switch.ts';

/** Levels of pino. */
const [WARN, ERROR] = [40, 50];
const keyRing = createKeyRing([{ id: 'k1', key: new Secret(randomBytes(32).toString('base64')) }]);

describe('the deletion of tokens at a real HTTP host', () => {
  const own = useTestRedis();

  /** Minters of one installation, and a host behind a switch. */
  async function open() {
    const releases = new AsyncDisposableStack();
    const host = releases.use(await openRepoHostSwitch());
    const dir = await mkdtemp(join(tmpdir(), 'daypass-deletion-'));
    releases.defer(() => rm(dir, { recursive: true, force: true }));
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const provider = createRelaceProvider({
      baseUrl: host.url,
      apiKey: new Secret('obviously-fake-key'),
      canRestrictAccess: false,
    });
    const { privateKey: receiptKey } = generateKeyPairSync('ed25519');
    const minter = async (name: string, random = Math.random) => {
      const spool = await openSpool(join(dir, name), log);
      const deps: MinterDeps = { name, redis: own.redis, provider, keyRing, spool, log, receiptKey };
      const revoker = createRevoker(deps, random);
      releases.defer(() => revoker.close());
      return revoker;
    };
    /** A token that is due, minted by the minter of that name; `attempts` as an outage would have left them. */
    const due = async (over: Partial<TokenRecord> = {}): Promise<string> => {
      const [id, value] = [`tok_${randomUUID()}`, `rlcr-${randomUUID()}`];
      host.live.add(value);
      values.set(id, value);
      const now = new Date();
      const expiresAt = new Date(now.getTime() + 7_200_000).toISOString();
      const times = { intendedAt: now.toISOString(), revokingAt: now.toISOString(), expiresAt };
      const sealed = keyRing.seal(new Secret(value), id);
      await change(own.redis, { sessionId: `ses_${id}`, tokenId: id }, () => ({
        token: aToken({ id, sessionId: `ses_${id}`, state: 'revoking', minter: 'a', sealed, ...times, ...over }),
      }));
      return id;
    };
    const values = new Map<string, string>();
    return {
      host,
      minter,
      due,
      valueOf: (id: string) => values.get(id) ?? '',
      logged: () => lines.join(''),
      [Symbol.asyncDispose]: () => releases.disposeAsync(),
    };
  }

  const stateOf = async (id: string) => (await readToken(own.redis, id))?.state;
  const revoked = (id: string, timeoutMs = 30_000) =>
    eventually(
      () => readToken(own.redis, id),
      (token) => token?.state === 'revoked',
      { timeoutMs },
    );

  it.each<[Behaviour, RegExp, number]>([
    ['error_500', /answered 500/, WARN],
    // Our own key is refused: somebody must look.
    ['unauthorized', /answered 401/, ERROR],
    ['half_body', /did not answer|answered/, WARN],
    ['lie', /still opens its repo/, WARN],
    ['nothing_there', /answered 404/, WARN],
  ])('goes on while the host behaves as %s, and is done once it is well', async (behaviour, reason, level) => {
    await using rig = await open();
    const revoker = await rig.minter('a');
    const id = await rig.due();
    rig.host.behave(behaviour);
    revoker.lookAfter([id]);
    const failed = await eventually(
      () => readToken(own.redis, id),
      (token) => (token?.attempts ?? 0) >= 2,
    );
    expect(failed?.state).toBe('revoking');
    expect(failed?.lastError).toMatch(reason);
    expect(rig.host.live.size).toBe(1);
    expect(rig.logged()).toContain(`"level":${level}`);
    rig.host.behave('well');
    const done = await revoked(id);
    expect(done?.verifiedAt).not.toBeNull();
    expect(rig.host.live.size).toBe(0);
    expect(rig.logged()).not.toContain(rig.valueOf(id));
  });

  it('waits with an alarm while the settings name another host than the one that minted it', async () => {
    await using rig = await open();
    const revoker = await rig.minter('a');
    const id = await rig.due({ host: 'https://former.example.com' });
    revoker.lookAfter([id]);
    const failed = await eventually(
      () => readToken(own.redis, id),
      (token) => (token?.attempts ?? 0) >= 1,
    );
    expect(failed).toMatchObject({
      state: 'revoking',
      lastError: expect.stringContaining('minted at https://former.example.com') as string,
    });
    expect(rig.logged()).toContain(`"level":${ERROR}`);
    expect(rig.host.deletions.size).toBe(0);
  });

  it('is done although the answer to it was lost after it was carried out', async () => {
    await using rig = await open();
    const revoker = await rig.minter('a');
    const id = await rig.due();
    rig.host.behave('reset_after_commit');
    revoker.lookAfter([id]);
    await eventually(
      () => readToken(own.redis, id),
      (token) => (token?.attempts ?? 0) >= 1,
    );
    expect(rig.host.live.size).toBe(0);
    expect(await stateOf(id)).toBe('revoking');
    rig.host.behave('well');
    await revoked(id);
  });

  it.each<Behaviour>(['busy_seconds', 'busy_date'])(
    'waits as long as a host asks that is %s, also when another token is deleted meanwhile',
    async (behaviour) => {
      await using rig = await open();
      const revoker = await rig.minter('a');
      const [busy, other] = [await rig.due(), await rig.due()];
      rig.host.behave(behaviour, rig.valueOf(busy));
      const from = Date.now();
      revoker.lookAfter([busy]);
      await eventually(
        () => readToken(own.redis, busy),
        (token) => token?.attempts === 1,
      );
      rig.host.behave(null, rig.valueOf(busy));
      revoker.lookAfter([other]);
      await revoked(other);
      await revoked(busy);
      // A date has whole seconds, so it is up to one earlier.
      expect(Date.now() - from).toBeGreaterThanOrEqual((RETRY_AFTER_SECONDS - 1) * 1000);
      expect(rig.host.deletions.get(rig.valueOf(busy))).toBe(2);
    },
  );

  it('does not hold up a fresh token by a hundred that the host hangs on', async () => {
    await using rig = await open();
    const revoker = await rig.minter('a');
    const stuck = await Promise.all(Array.from({ length: 100 }, () => rig.due()));
    for (const id of stuck) rig.host.behave('hang', rig.valueOf(id));
    revoker.lookAfter(stuck);
    await eventually(
      () => rig.host.deletions.size,
      (size) => size >= 32,
    );
    const fresh = await rig.due();
    // Sooner than a call that hangs is given up.
    expect(await revoker.revoke(fresh, 9_000)).toBe('revoked');
    // Next time round all of them hang, and have been tried: what is fresh goes first.
    await eventually(
      () => rig.host.deletions.size,
      (size) => size === 101,
    );
    const second = await rig.due();
    expect(await revoker.revoke(second, 9_000)).toBe('revoked');
  });

  it('pays a debt of 1,000 tokens within seconds once the host is back after an hour', async () => {
    await using rig = await open();
    // The longest waits that there are: each would sit out its full minute.
    const revoker = await rig.minter('a', () => 1);
    rig.host.behave('error_500');
    const debt = await Promise.all(Array.from({ length: 1_000 }, () => rig.due({ attempts: 90 })));
    revoker.lookAfter(debt);
    await eventually(
      () => readToken(own.redis, debt.at(-1) ?? ''),
      (token) => token?.attempts === 91,
    );
    await eventually(
      () => rig.host.deletions.size,
      (size) => size === 1_000,
    );
    rig.host.behave('well');
    // One that ends now is the first that sees the host's return.
    expect(await revoker.revoke(await rig.due(), 9_000)).toBe('revoked');
    await eventually(
      () => rig.host.live.size,
      (size) => size === 0,
      { timeoutMs: 40_000 },
    );
    await revoked(debt.at(-1) ?? '');
  });

  it('does not undo the back-off of a token that fails by itself, however many others succeed', async () => {
    await using rig = await open();
    const revoker = await rig.minter('a', () => 0.2);
    const bad = await rig.due({ attempts: 90 });
    rig.host.behave('error_500', rig.valueOf(bad));
    revoker.lookAfter([bad]);
    const began = performance.now();
    for (let n = 0; n < 40; n++) expect(await revoker.revoke(await rig.due(), 9_000)).toBe('revoked');
    // At most once more per pause, which is 12 s here, and not once per success.
    const pauses = Math.ceil((performance.now() - began) / 12_000);
    expect(rig.host.deletions.get(rig.valueOf(bad)) ?? 0).toBeLessThanOrEqual(2 + pauses);
  });

  it('is left to the minter that has the token, until that one is gone', async () => {
    await using rig = await open();
    const others = await Promise.all(['b', 'c', 'd'].map((name) => rig.minter(name)));
    const long = new Date(Date.now() - 31_000).toISOString();
    const [fresh, orphan] = [await rig.due(), await rig.due({ revokingAt: long })];
    for (const other of others) other.lookAfter([fresh, orphan]);
    await revoked(orphan);
    expect(await stateOf(fresh)).toBe('revoking');
    expect(rig.host.deletions.get(rig.valueOf(fresh))).toBeUndefined();
    expect(rig.host.deletions.get(rig.valueOf(orphan))).toBe(1);
    // The one that is asked does it, whoever has minted it.
    expect(await others[1]?.revoke(fresh, 9_000)).toBe('revoked');
  });

  it('by two minters at once is harmless', async () => {
    await using rig = await open();
    const [first, second] = [await rig.minter('a'), await rig.minter('a')];
    const ids = await Promise.all(Array.from({ length: 20 }, () => rig.due()));
    await Promise.all(ids.flatMap((id) => [first.revoke(id, 9_000), second.revoke(id, 9_000)]));
    for (const id of ids) expect(await stateOf(id)).toBe('revoked');
    expect(rig.host.live.size).toBe(0);
  });
});
