import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { parsePolicy } from '../../src/egress/policy.ts';
import { formatTarget, parseTarget } from '../../src/egress/target.ts';
import { MAX_REPORT_BYTES } from '../../src/runtime/init-protocol.ts';
import { decodeReports, strings, type Report } from '../../src/runtime/reports.ts';
import { pathProblem, refProblem } from '../../src/session/git-names.ts';
import { MAX_LINE_BYTES } from '../../src/session/log-record.ts';
import { allows, networkRuleProblem, parseNetworkRule } from '../../src/session/network-rule.ts';
import { variableNameProblem } from '../../src/session/variable-names.ts';
import { createRedactor } from '../../src/token/redactor.ts';
import { Secret } from '../../src/token/secret.ts';
import { LineSplitter } from '../../workers/log/line-splitter.ts';

type Property = fc.IAsyncProperty<unknown>;

const bytes = (maxLength = 300) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 6 });
/** Text near what the parsers accept, where they are most likely to be wrong. */
const nearly = (alphabet: string, maxLength = 40) =>
  fc.oneof(
    fc.string({ unit: fc.constantFrom(...alphabet.split('')), maxLength }),
    fc.string({ unit: 'binary', maxLength }),
    fc.string({ unit: 'grapheme', maxLength }),
  );

function cut(whole: Buffer, at: number[]): Buffer[] {
  const edges = [0, ...at.filter((edge) => edge < whole.length), whole.length].toSorted((a, b) => a - b);
  return edges.slice(1).map((end, i) => whole.subarray(edges[i], end));
}

async function reportsIn(chunks: Buffer[]): Promise<Report[]> {
  const reports: Report[] = [];
  for await (const report of decodeReports(streamOf(chunks))) reports.push(report);
  return reports;
}

async function* streamOf(chunks: Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
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

function linesOf(chunks: Buffer[]): { text: string; partial: boolean }[] {
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
    const joined = lines.map(({ text, partial }) => (partial ? text : `${text}\n`)).join('');
    assert.equal(joined.replace(/\n$/, ''), whole.toString().replace(/\n$/, ''));
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

const rulesAllowWhatTheySay = fc.asyncProperty(nearly('ab1-.*:0_ /'), nearly('ab1-.'), async (text, host) => {
  if (networkRuleProblem(text) !== null) return;
  const rule = parseNetworkRule(text);
  assert.match(rule.domain, /^[a-z0-9-]+(\.[a-z0-9-]+)+$/);
  assert.ok(rule.port >= 1 && rule.port <= 65_535);
  assert.equal(allows([rule], rule.domain, rule.port), !rule.wildcard);
  if (!allows([rule], host, rule.port)) return;
  const wanted = host.toLowerCase();
  assert.ok(
    rule.wildcard
      ? wanted.endsWith(`.${rule.domain}`) && wanted.length > rule.domain.length + 1
      : wanted === rule.domain,
  );
});

const targetsAreReadTheSameTwice = fc.asyncProperty(nearly('aB1.-:[]%@ \r\n0f'), async (text) => {
  const target = parseTarget(text);
  if (target === null) return;
  assert.match(target.host, /^[\w.:-]+$/);
  assert.deepEqual(parseTarget(formatTarget(target)), target);
});

const refsCannotBeOptionsOrEscape = fc.asyncProperty(nearly('ab./-@{~^:?*[\\ \u007f'), async (ref) => {
  if (refProblem(ref) !== null) return;
  assert.ok(
    ref !== '' &&
      !ref.startsWith('-') &&
      !ref.startsWith('/') &&
      !ref.includes('..') &&
      !/[ \p{Cc}\u2028\u2029]/u.test(ref),
  );
  assert.ok(Buffer.byteLength(ref) <= 255);
});

const pathsStayBelow = fc.asyncProperty(nearly('ab./-\\.gitGIT~1 '), async (path) => {
  if (pathProblem(path) !== null) return;
  const below = new URL(`file:///workspace/${path.split('/').map(encodeURIComponent).join('/')}`).pathname;
  assert.ok(below.startsWith('/workspace/') && below.length > '/workspace/'.length);
  assert.ok(path.split('/').every((part) => !['', '.', '..'].includes(part) && part.toLowerCase() !== '.git'));
});

const namesOfVariablesAreHarmless = fc.asyncProperty(
  fc.tuple(
    fc.constantFrom('', 'GIT_', 'LD_', 'RELACE_', 'DAYPASS_', 'REPO_TOKEN', 'https'),
    nearly('abAB_1=', 6),
    fc.constantFrom('', '_proxy', '_PROXY'),
  ),
  async (parts) => {
    const name = parts.join('');
    if (variableNameProblem(name) !== null) return;
    assert.match(name, /^[A-Za-z_]\w*$/);
    assert.doesNotMatch(name, /^(GIT_|LD_|RELACE_|DAYPASS_)|^REPO_TOKEN$|_[pP][rR][oO][xX][yY]$/);
  },
);

const policiesAreWholeOrNone = fc.asyncProperty(
  fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ sandboxId: fc.constant('sbx_a'), sessionId: fc.string(), allow: fc.array(nearly('ab.*:1')) })
      .map((policy) => JSON.stringify(policy)),
  ),
  async (text) => {
    let policy;
    try {
      policy = parsePolicy(text, 'sbx_a');
    } catch {
      return;
    }
    assert.equal(policy.sandboxId, 'sbx_a');
    for (const rule of policy.allow) parseNetworkRule(rule);
  },
);

/** What must hold for every input of the parsers of untrusted bytes that are written in TypeScript. */
export const PROPERTIES: Record<string, Property> = {
  'reports of init come whole, however they are cut': reportsSurviveCuts,
  'what is no report is refused': garbageIsNoReport,
  'lines are the same, however their bytes are cut': linesAreTheSameHoweverCut,
  'no secret comes through a redactor': noSecretComesThrough,
  'a network rule allows what it says': rulesAllowWhatTheySay,
  'a target reads the same twice': targetsAreReadTheSameTwice,
  'a ref is no option and stays below refs': refsCannotBeOptionsOrEscape,
  'a path stays below the workspace': pathsStayBelow,
  'a variable that a request may set is none of ours': namesOfVariablesAreHarmless,
  'a policy is whole or none': policiesAreWholeOrNone,
};
