import { maskedForms } from '../../../src/token/redactor.ts';
import { randomBytes, randomInt } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, truncate, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadWorkerConfig } from '../../../src/config.ts';
import { outputOf, type LogRecord } from '../../../src/session/log-record.ts';
import { formsOf } from '../../../src/token/secret-forms.ts';
import { Secret } from '../../../src/token/secret.ts';
import { openLog, type SessionLog } from '../../../workers/log/session-log.ts';
import { readWholeLog } from '../../support/logs.ts';
import { useTestRedis } from '../../support/redis.ts';

/** A report of init as the pipeline gets it. */
interface RawReport {
  kind: 'stdout' | 'stderr' | 'step' | 'passed';
  bytes: Buffer;
  timeMs: number;
  /** Offset behind it. */
  end: number;
}

const ROUNDS = 40;
const pick = <T>(values: readonly T[]): T => values[randomInt(values.length)] as T;

/** Several secrets: one begins another, two overlap, one repeats itself, one goes over lines. */
function someSecrets(): Secret[] {
  const base = randomBytes(randomInt(6, 20)).toString('base64url');
  const values = [
    base,
    `${base}-and-more`,
    `${base.slice(3)}tail/é+x`,
    'abababab',
    `line one ${base.slice(0, 6)}\nline two`,
  ];
  return values.map((value) => new Secret(value));
}

function someOutput(forms: Buffer[]): Buffer {
  const piece = (): Buffer => {
    const form = pick(forms);
    switch (randomInt(8)) {
      case 0:
        return form;
      case 1:
        return Buffer.from(form.toString('latin1').replaceAll(/(.{7})/g, pick(['$1\n', '$1\r\n', '$1 '])), 'latin1');
      case 7:
        return form;
      case 2:
        return form.subarray(0, randomInt(form.length));
      case 3:
        return randomBytes(randomInt(12));
      case 4:
        return Buffer.from(pick(['\n', '\r\n', '\r', 'ab', 'é東🎫', '{"commit":', '"\\']));
      case 5:
        return Buffer.from(`plain words ${randomInt(1_000)}\n`);
      default:
        return Buffer.alloc(randomInt(300) === 0 ? 70_000 : randomInt(40), '.');
    }
  };
  return Buffer.concat(Array.from({ length: randomInt(30, 80) }, piece));
}

/** The outputs cut anywhere and mixed, as reports. */
function asReports(outputs: { kind: RawReport['kind']; bytes: Buffer }[]): RawReport[] {
  const left = outputs.map((output) => ({ ...output }));
  const reports: RawReport[] = [];
  for (let [end, timeMs] = [0, 1_700_000_000_000]; left.some(({ bytes }) => bytes.length > 0);) {
    const output = pick(left.filter(({ bytes }) => bytes.length > 0));
    const bytes = output.bytes.subarray(0, randomInt(1, pick([3, 30, 300, 66_000])));
    output.bytes = output.bytes.subarray(bytes.length);
    end += 16 + bytes.length;
    timeMs += randomInt(1_500);
    reports.push({ kind: output.kind, bytes, timeMs, end });
    if (randomInt(10) === 0) reports.push({ kind: 'passed', bytes: Buffer.alloc(0), timeMs, end: (end += 16) });
  }
  return reports;
}

async function give(log: SessionLog, { kind, bytes, timeMs, end }: RawReport): Promise<void> {
  if (kind === 'passed') return log.passed(end);
  return kind === 'step' ? log.step(bytes, timeMs, end) : log.agent(kind, bytes, timeMs, end);
}

/** Where a line is cut depends on when its pieces came. */
function saidOn(records: LogRecord[], stream: LogRecord['stream']): string {
  const own = records.filter((record) => record.stream === stream);
  return Buffer.concat(own.map((record) => Buffer.from(outputOf(record)))).toString('latin1');
}

/** What is in base64 says what it says; nobody reads a form of a secret out of its letters that is not in it. */
function decoded(file: string): Buffer {
  const text = file.replaceAll(/"bytes":"([^"]*)"/g, (_, bytes: string) =>
    Buffer.from(bytes, 'base64').toString('latin1'),
  );
  return Buffer.from(text, 'latin1');
}

describe('a log whose workers die at any moment', () => {
  const own = useTestRedis();
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'daypass-logs-'));
  });
  afterAll(async () => rm(dir, { recursive: true, force: true }));

  const open = async (id: string) => {
    const config = loadWorkerConfig({ DAYPASS_REDIS_URL: own.server.url, DAYPASS_LOG_DIR: dir });
    return openLog({ redis: own.redis, config, log: pino({ level: 'silent' }) }, id, 'sbx_1');
  };
  const recordsOf = async (id: string) => readWholeLog(dir, id);

  /**
   * Gives reports from where the log stands, in several lives. One ends frozen in whatever it does, or hands over in
   * order, or dies: then its successor finds the files as they were at a moment. Returns the id of the last log.
   */
  const run = async (name: string, reports: RawReport[], secrets: Secret[], lives: number): Promise<string> => {
    await using former = new AsyncDisposableStack();
    let id = name;
    for (let life = 0; life < lives; life++) {
      const log = await open(id);
      former.defer(() => log.handOver().catch(() => undefined));
      log.mask(maskedForms(life % 2 === 0 ? secrets : secrets.toReversed()));
      const left = reports.filter(({ end }) => end > log.resumeAt);
      const isLast = life + 1 === lives;
      const count = isLast ? left.length : randomInt(left.length + 1);
      for (const report of left.slice(0, count)) {
        const given = give(log, report);
        if (randomInt(3) === 0) await given;
        else given.catch(() => undefined);
      }
      if (isLast) await log.close({ complete: true });
      else if (randomInt(3) === 0) await log.handOver();
      else if (randomInt(2) === 0) id = await momentOf(id, `${name}-${life}`);
    }
    return id;
  };

  /** A copy of a log as a death in the middle of a write leaves it. */
  const momentOf = async (id: string, copy: string): Promise<string> => {
    await cp(join(dir, id), join(dir, copy), { recursive: true });
    const names = await readdir(join(dir, copy));
    const last = join(dir, copy, `${Math.max(...names.map((name) => Number.parseInt(name, 10)))}.ndjson`);
    const { size } = await stat(last);
    await truncate(last, randomInt(Math.max(0, size - 3_000), size + 1));
    return copy;
  };

  it(`says the same bytes as if one had lived, in ${ROUNDS} random sessions, and no secret in any file`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const secrets = someSecrets();
      const forms = formsOf(secrets).map(({ bytes }) => bytes);
      const kinds = ['stdout', 'stderr', 'step'] as const;
      const reports = asReports(kinds.map((kind) => ({ kind, bytes: someOutput(forms) })));
      const whole = await run(`ses_whole-${round}`, reports, secrets, 1);
      const resumed = await run(`ses_resumed-${round}`, reports, secrets, randomInt(2, 8));
      const expected = await recordsOf(whole);
      const found = await recordsOf(resumed);
      for (const stream of ['stdout', 'stderr', 'system'] as const) {
        expect(saidOn(found, stream)).toEqual(saidOn(expected, stream));
      }
      expect(found.map(({ id: number }) => Number(number))).toEqual(found.map((_, i) => i + 1));
      for (const id of await readdir(dir)) await expectNoSecret(id, forms);
      for (const id of await readdir(dir)) await rm(join(dir, id), { recursive: true });
    }
  });

  const expectNoSecret = async (id: string, forms: Buffer[]): Promise<void> => {
    for (const name of await readdir(join(dir, id))) {
      const bytes = decoded(await readFile(join(dir, id, name), 'latin1'));
      const texts = [bytes, Buffer.from(bytes.toString('utf8').replaceAll('\\n', '\n'))];
      for (const form of forms) expect(texts.some((text) => text.includes(form))).toBe(false);
    }
  };
});
