import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { MAX_REPORT_BYTES } from '../../../src/runtime/init-protocol.ts';
import { decodeReports, strings, type Report } from '../../../src/runtime/reports.ts';
import { MAX_LINE_BYTES, outputOf } from '../../../src/session/log-record.ts';
import { createRedactor } from '../../../src/token/redactor.ts';
import { Secret } from '../../../src/token/secret.ts';
import { LineSplitter, type Line } from '../../../workers/log/line-splitter.ts';
import { bytes, cut, cuts, streamOf, type Property } from './inputs.ts';

async function reportsIn(chunks: Buffer[]): Promise<Report[]> {
  const reports: Report[] = [];
  for await (const report of decodeReports(streamOf(chunks))) reports.push(report);
  return reports;
}

function encodeReport({ kind, payload }: { kind: string; payload: Buffer }): Buffer {
  const header = Buffer.alloc(16);
  header.write(kind, 'latin1');
  header.writeUInt32BE(payload.length, 4);
  header.writeBigUInt64BE(1_767_225_600_000n, 8);
  return Buffer.concat([header, payload]);
}

const aReport = fc.record({ kind: fc.constantFrom(...'oepqRLBXgGNZD'.split('')), payload: bytes(60) });

const reportsSurviveCuts = fc.asyncProperty(fc.array(aReport, { maxLength: 6 }), cuts, async (sent, at) => {
  const got = await reportsIn(cut(Buffer.concat(sent.map(encodeReport)), at));
  assert.deepEqual(
    got.map(({ kind, payload }) => ({ kind, payload: payload.toString('hex') })),
    sent.map(({ kind, payload }) => ({ kind, payload: payload.toString('hex') })),
  );
});

const garbageIsNoReport = fc.asyncProperty(bytes(), cuts, async (whole, at) => {
  let end = 0;
  try {
    for (const report of await reportsIn(cut(whole, at))) {
      assert.ok(report.payload.length <= MAX_REPORT_BYTES && report.end > end && report.end <= whole.length);
      strings(report);
      ({ end } = report);
    }
  } catch (error) {
    assert.match((error as Error).message, /^Init sent no report/);
  }
});

/** What a line says, its mark as a record has it. */
function saidBy({ partial, ...line }: Line): Buffer {
  return Buffer.from(outputOf({ ...line, ...(partial && { partial }) }));
}

function linesOf(chunks: Buffer[]): Line[] {
  const splitter = new LineSplitter();
  const lines = chunks.flatMap((chunk) => splitter.push(chunk));
  return [...lines, ...splitter.flush()];
}

const linesAreTheSameHoweverCut = fc.asyncProperty(
  fc.oneof(
    fc.array(fc.oneof(bytes(80), fc.constant(Buffer.from('\n')), fc.constant(Buffer.from('\u00e9\u{1f600}'))), {
      maxLength: 8,
    }),
    fc.nat({ max: 3 }).map((extra) => [Buffer.alloc(MAX_LINE_BYTES + extra - 1, 'a'), Buffer.from('\u00e9x\n')]),
  ),
  cuts,
  async (parts, at) => {
    const whole = Buffer.concat(parts);
    const lines = linesOf(cut(whole, at));
    assert.deepEqual(lines, linesOf([whole]));
    assert.ok(lines.every(({ text }) => !text.includes('\n')));
    assert.ok(Buffer.concat(lines.map(saidBy)).equals(whole));
  },
);

const noByteIsLostInTime = fc.asyncProperty(
  fc.array(
    fc.oneof(
      bytes(20),
      fc.constantFrom('\n', '\r', '\u00e9', '\u{1f600}').map((text) => Buffer.from(text)),
    ),
  ),
  fc.array(fc.constantFrom('end', 'whole', 'begun'), { minLength: 1 }),
  cuts,
  async (parts, waits, at) => {
    const whole = Buffer.concat(parts);
    let splitter = new LineSplitter();
    const lines = cut(whole, at).flatMap((chunk, i) => {
      const given = splitter.push(chunk);
      const wait = waits[i % waits.length];
      if (wait === 'whole') given.push(...splitter.takeWhole());
      if (wait === 'begun') given.push(...splitter.takeBegun());
      splitter = new LineSplitter(Buffer.from(splitter.pending));
      return given;
    });
    assert.ok(Buffer.concat([...lines, ...splitter.flush()].map(saidBy)).equals(whole));
    for (const { text, bytes: raw } of lines)
      if (raw !== undefined) assert.equal(Buffer.from(raw, 'base64').toString(), text);
  },
);

const noSecretComesThrough = fc.asyncProperty(
  fc.array(fc.string({ unit: fc.constantFrom(...'abAB01-+/"\\ '.split('')), minLength: 6, maxLength: 20 }), {
    minLength: 1,
    maxLength: 3,
  }),
  fc.array(fc.oneof(bytes(20), fc.constantFrom('raw', 'hex', 'base64', 'url')), { maxLength: 8 }),
  cuts,
  async (values, parts, at) => {
    const spelled: Record<string, (value: string) => string> = {
      raw: (value) => value,
      hex: (value) => Buffer.from(value).toString('hex'),
      base64: (value) => Buffer.from(value).toString('base64'),
      url: (value) => encodeURIComponent(value),
    };
    const whole = Buffer.concat(
      parts.map((part, i) =>
        typeof part === 'string' ? Buffer.from(spelled[part]?.(values[i % values.length] ?? '') ?? '') : part,
      ),
    );
    const redactor = createRedactor(values.map((value) => new Secret(value)));
    const out = Buffer.concat([...cut(whole, at).map((chunk) => redactor.push(chunk)), redactor.flush()]);
    // A mask may stand where a secret that looks like one was.
    const shown = out.toString('latin1').replaceAll('[secret]', '\0');
    for (const value of values)
      assert.ok(!shown.includes(value), `${JSON.stringify(value)} is in ${JSON.stringify(shown)}`);
  },
);

/** What comes out of a sandbox. */
export const SANDBOX_OUTPUT: Record<string, Property> = {
  'reports of init come whole, however they are cut': reportsSurviveCuts,
  'what is no report is refused': garbageIsNoReport,
  'lines are the same, however their bytes are cut': linesAreTheSameHoweverCut,
  'lines say every byte, whenever what has begun of them is given': noByteIsLostInTime,
  'no secret comes through a redactor': noSecretComesThrough,
};
