import * as fc from 'fast-check';
import { maskedForms } from '../../../src/token/redactor.ts';
import { describe, expect, test } from 'vitest';
import { outputOf, type LogStream } from '../../../src/session/log-record.ts';
import { Secret } from '../../../src/token/secret.ts';
import type { NewRecord } from '../../../workers/log/log-limit.ts';
import { LogPipeline } from '../../../workers/log/log-pipeline.ts';

const LIMIT = 1024 * 1024;
const LINES = ['stdout', 'stderr', 'system'] as const;
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const said = (records: NewRecord[]) => records.map(({ stream, text, partial }) => [stream, text, partial ?? false]);

function outputIn(records: NewRecord[], stream: LogStream): string {
  const own = records.filter((record) => record.stream === stream);
  return Buffer.concat(own.map((record) => Buffer.from(outputOf(record)))).toString('latin1');
}

describe('a line that comes in pieces', () => {
  test('is given as far as it is there, and ends with a record that says so, which may be empty', () => {
    const pipeline = new LogPipeline(LIMIT, null);
    expect(pipeline.push('stdout', bytes('Continue? '), 1_000)).toEqual([]);
    expect(pipeline.partials(LINES, 9_000)).toEqual([
      { time: '1970-01-01T00:00:01.000Z', stream: 'stdout', text: 'Continue? ', partial: true },
    ]);
    expect(pipeline.partials(LINES, 9_000)).toEqual([]);
    expect(said(pipeline.push('stdout', bytes('\n'), 2_000))).toEqual([['stdout', '', false]]);
    expect(pipeline.flush(3_000)).toEqual([]);
  });

  test('is marked where the output ends without a line break', () => {
    const pipeline = new LogPipeline(LIMIT, null);
    pipeline.push('stdout', bytes('a\nb'), 0);
    expect(said(pipeline.flush(0))).toEqual([['stdout', 'b', true]]);
  });

  test('keeps its characters whole as long as the rest of one may come, and no longer', () => {
    const pipeline = new LogPipeline(LIMIT, null);
    pipeline.push('stdout', Buffer.from('é€').subarray(0, 4), 0);
    expect(said(pipeline.partials(LINES, 0))).toEqual([['stdout', 'é', true]]);
    const [half] = pipeline.partials(LINES, 0);
    expect(half).toMatchObject({ text: '\ufffd', bytes: Buffer.from('€').subarray(0, 2).toString('base64') });
    const rest = pipeline.push('stdout', Buffer.concat([Buffer.from('€').subarray(2), bytes('\n')]), 0);
    expect(Buffer.concat([half as NewRecord, ...rest].map((record) => Buffer.from(outputOf(record)))).toString()).toBe(
      '€\n',
    );
  });

  test('has no byte of what may be the beginning of a secret, however long it waits', () => {
    const pipeline = new LogPipeline(LIMIT, null);
    pipeline.mask(maskedForms([new Secret('obviously-fake')]), 0);
    pipeline.push('stdout', bytes('key: obviously'), 0);
    expect(said(pipeline.partials(LINES, 0))).toEqual([['stdout', 'key: ', true]]);
    expect(pipeline.begun.size).toBe(0);
    expect(said(pipeline.push('stdout', bytes('-fake!\n'), 0))).toEqual([['stdout', '[secret]!', false]]);
    pipeline.push('stdout', bytes('obviously'), 0);
    expect(said(pipeline.flush(0))).toEqual([['stdout', 'obviously', true]]);
  });

  test('counts against the limit of the log', () => {
    const pipeline = new LogPipeline(10_000, null);
    const records = Array.from({ length: 200 }, () => {
      pipeline.push('stdout', bytes('.'), 0);
      return pipeline.partials(LINES, 0);
    }).flat();
    expect(records.at(-1)).toMatchObject({ code: 'log_capped' });
    expect(records.length).toBeLessThan(102);
  });

  test('of bytes that are no text counts those too', () => {
    const pipeline = new LogPipeline(LIMIT, null);
    const records = Array.from({ length: 40 }, () => pipeline.push('stdout', Buffer.alloc(60_000, 0xff), 0)).flat();
    const kept = records.reduce((sum, record) => sum + Buffer.byteLength(record.text) + (record.bytes ?? '').length, 0);
    expect(records.at(-1)).toMatchObject({ code: 'log_capped' });
    expect(kept).toBeLessThan(LIMIT);
  });
});

test('a line never comes before what was read of the other stream before it', () => {
  const pipeline = new LogPipeline(LIMIT, null);
  pipeline.push('stdout', bytes('asks? '), 1);
  expect(said(pipeline.push('stderr', bytes('warns\n'), 2))).toEqual([
    ['stdout', 'asks? ', true],
    ['stderr', 'warns', false],
  ]);
  pipeline.push('stderr', bytes('one '), 3);
  pipeline.push('stdout', bytes('two '), 4);
  pipeline.push('stderr', bytes('three '), 5);
  expect(said(pipeline.partials(LINES, 6))).toEqual([
    ['stdout', 'two ', true],
    ['stderr', 'one three ', true],
  ]);
});

test('a clone that is silent shows its last state, once', () => {
  const pipeline = new LogPipeline(LIMIT, null);
  expect(said(pipeline.push('system', bytes('Cloning\n10%\r20%\r3'), 0))).toEqual([['system', 'Cloning', false]]);
  expect(said(pipeline.partials(['progress'], 0))).toEqual([['system', '20%', false]]);
  pipeline.push('system', bytes('0%\r'), 10);
  expect(said(pipeline.partials(['progress'], 0))).toEqual([['system', '30%', false]]);
  expect(pipeline.begun.size).toBe(0);
  expect(said(pipeline.push('system', bytes('done\n'), 20))).toEqual([['system', 'done', false]]);
});

/** A report, a moment at which what has begun is given, or a worker that goes on for another. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom('stdout' as const, 'stderr' as const), fc.uint8Array({ maxLength: 9 })),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constantFrom('stdout' as const, 'stderr' as const),
      fc.constantFrom('\n', 'é', 'S3CR', 'S3CRET!', '\r').map((text) => Buffer.from(text)),
    ),
  },
  { weight: 3, arbitrary: fc.constant('wait' as const) },
  { weight: 1, arbitrary: fc.constant('adopt' as const) },
);

test('however output is cut in time, by waits and by workers, its records say its very bytes, in order and masked', () => {
  const secrets = [new Secret('S3CRET!')];
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let pipeline = new LogPipeline(LIMIT, null);
      pipeline.mask(maskedForms(secrets), 0);
      const whole = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
      const records: NewRecord[] = [];
      for (const [at, what] of steps.entries()) {
        if (what === 'wait') records.push(...pipeline.partials(LINES, at));
        else if (what === 'adopt') {
          pipeline = new LogPipeline(LIMIT, JSON.parse(JSON.stringify(pipeline.snapshot())));
          records.push(...pipeline.mask(maskedForms(secrets), at));
        } else {
          whole[what[0]].push(what[1]);
          records.push(...pipeline.push(what[0], what[1], at));
        }
      }
      records.push(...pipeline.flush(steps.length));
      for (const stream of ['stdout', 'stderr'] as const) {
        const expected = Buffer.concat(whole[stream]).toString('latin1').replaceAll('S3CRET!', '[secret]');
        expect(outputIn(records, stream)).toBe(expected);
      }
      for (const { text, bytes: raw } of records) {
        expect(text).not.toContain('\n');
        expect(raw === undefined ? text : Buffer.from(raw, 'base64').toString()).toBe(text);
      }
    }),
    { numRuns: 300 },
  );
});
