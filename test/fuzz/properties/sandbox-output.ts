import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { MAX_REPORT_BYTES } from '../../../src/runtime/init-protocol.ts';
import { decodeReports, strings, type Report } from '../../../src/runtime/reports.ts';
import { MAX_LINE_BYTES, outputOf } from '../../../src/session/log-record.ts';
import { ByteSearch, indexPatterns, type Pattern } from '../../../src/token/byte-search.ts';
import { maskedForms, resumeRedactor, type HeldBack } from '../../../src/token/redactor.ts';
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

const spelled: Record<string, (value: string) => string> = {
  raw: (value) => value,
  hex: (value) => Buffer.from(value).toString('hex'),
  base64: (value) => Buffer.from(value).toString('base64'),
  url: (value) => encodeURIComponent(value),
  json: (value) => JSON.stringify(value),
  crlf: (value) => value.replaceAll(/\r?\n/g, '\r\n'),
  indented: (value) => value.replaceAll('\n', '\n    '),
  numbered: (value) =>
    value
      .split('\n')
      .map((line, i) => `${`${i + 1}`.padStart(6)}\t${line}\n`)
      .join(''),
  spaces: (value) => value.replaceAll('\n', ' '),
  stripped: (value) => value.replace(/\n+$/, ''),
};

/** What may stand nowhere, said apart from how it is looked for. */
function forbidden(value: string): string[] {
  const whole = value.trim();
  const lines = whole.split(/[\r\n]+/).map((line) => line.trim());
  return [...(whole.length >= 4 ? [whole] : []), ...(lines.length > 1 ? lines.filter((line) => line.length >= 6) : [])];
}

const noSecretComesThrough = fc.asyncProperty(
  fc.array(fc.string({ unit: fc.constantFrom(...'abAB01-+/"\\ \n\r\ufeff'.split('')), minLength: 4, maxLength: 30 }), {
    minLength: 1,
    maxLength: 3,
  }),
  fc.array(fc.oneof(bytes(20), fc.constantFrom(...Object.keys(spelled))), { maxLength: 8 }),
  cuts,
  async (values, parts, at) => {
    const whole = Buffer.concat(
      parts.map((part, i) =>
        typeof part === 'string' ? Buffer.from(spelled[part]?.(values[i % values.length] ?? '') ?? '') : part,
      ),
    );
    const forms = maskedForms(values.map((value) => new Secret(value)));
    const { redactor } = resumeRedactor(forms, null);
    const out = Buffer.concat([...cut(whole, at).map((chunk) => redactor.push(chunk)), redactor.flush()]);
    // A mask may stand where a secret that looks like one was.
    const shown = out.toString('latin1').replaceAll('[secret]', '\0');
    for (const text of values.flatMap(forbidden))
      assert.ok(!shown.includes(text), `${JSON.stringify(text)} is in ${JSON.stringify(shown)}`);
    let resumed = Buffer.alloc(0);
    let heldBack: HeldBack | null = null;
    for (const chunk of cut(whole, at)) {
      const next = resumeRedactor(forms, heldBack);
      resumed = Buffer.concat([resumed, next.out, next.redactor.push(chunk)]);
      heldBack = next.redactor.heldBack;
    }
    const last = resumeRedactor(forms, heldBack);
    assert.deepEqual(Buffer.concat([resumed, last.out, last.redactor.flush()]), out);
  },
);

/** Every occurrence, by looking at every place for every pattern: what the search must agree with, as far as it covers. */
function coveredBy(patterns: Pattern[], text: Buffer): boolean[] {
  const covered = Array.from(text, () => false);
  for (const { bytes: pattern, gaps } of patterns) {
    for (let start = 0; start < text.length; start++) {
      let matched = 0;
      let end = start;
      for (let run = 0; end < text.length && matched < pattern.length; end++) {
        const byte = text[end] ?? 0;
        if (byte === pattern[matched]) {
          matched++;
          run = 0;
        } else if (gaps?.bytes.includes(byte) && matched >= gaps.after && ++run <= gaps.most) continue;
        else break;
      }
      if (matched === pattern.length) covered.fill(true, start, end);
    }
  }
  return covered;
}

const aPattern = fc
  .record({
    bytes: fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 2, maxLength: 8 }),
    gaps: fc.constantFrom(undefined, { bytes: [10], after: 2, most: 2 }, { bytes: [10, 32], after: 4, most: 3 }),
  })
  .map(({ bytes: text, gaps }): Pattern => ({ bytes: Buffer.from(text), ...(gaps && { gaps }) }));

const searchFindsAllThatIsThere = fc.asyncProperty(
  fc.array(aPattern, { minLength: 1, maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('a', 'b', 'a', 'b', '\n', ' '), maxLength: 40 }),
  async (patterns, text) => {
    const bytesOfText = Buffer.from(text);
    const found = Array.from(text, () => false);
    new ByteSearch(indexPatterns(patterns)).scan(bytesOfText, 0, ({ start, end }) => void found.fill(true, start, end));
    // It may cover a little more: a pattern at whose end a longer one ends, with a gap too near to its start.
    const missed = coveredBy(patterns, bytesOfText).findIndex((covered, i) => covered && found[i] !== true);
    assert.equal(missed, -1, `at ${missed} of ${JSON.stringify(text)}`);
    const without = patterns.filter(({ gaps }) => gaps === undefined);
    const plain = Array.from(text, () => false);
    new ByteSearch(indexPatterns(without)).scan(bytesOfText, 0, ({ start, end }) => void plain.fill(true, start, end));
    assert.deepEqual(plain, coveredBy(without, bytesOfText));
  },
);

/** What comes out of a sandbox. */
export const SANDBOX_OUTPUT: Record<string, Property> = {
  'reports of init come whole, however they are cut': reportsSurviveCuts,
  'what is no report is refused': garbageIsNoReport,
  'lines are the same, however their bytes are cut': linesAreTheSameHoweverCut,
  'no secret comes through a redactor, nor a line of one, wherever it is cut or handed over': noSecretComesThrough,
  'the search finds every pattern that is there': searchFindsAllThatIsThere,
  'lines say every byte, whenever what has begun of them is given': noByteIsLostInTime,
};
