import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { FLUSH, packet, PacketReader } from '../../../src/egress/git/pkt-line.ts';
import { readPushRequest } from '../../../src/egress/git/push-request.ts';
import { openingProblem } from '../../../src/egress/opening/opening-problem.ts';
import { OpeningReader, type Opening } from '../../../src/egress/opening/opening-reader.ts';
import { parsePolicy } from '../../../src/egress/policy.ts';
import { formatTarget, parseTarget } from '../../../src/egress/target.ts';
import { parseNetworkRule } from '../../../src/session/network-rule.ts';
import { bytes, cut, cuts, nearly, streamOf, type Property } from './inputs.ts';

const targetsAreReadTheSameTwice = fc.asyncProperty(nearly('aB1.-:[]%@ \r\n0f'), async (text) => {
  const target = parseTarget(text);
  if (target === null) return;
  assert.match(target.host, /^[\w.:-]+$/);
  assert.deepEqual(parseTarget(formatTarget(target)), target);
});

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

/** A ClientHello for one host, in one record. */
function clientHello(host: string): Buffer {
  const sized = (width: 1 | 2 | 3, ...parts: Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    const length = Buffer.alloc(width);
    length.writeUIntBE(body.length, 0, width);
    return Buffer.concat([length, body]);
  };
  const serverName = sized(2, Buffer.from([0]), sized(2, Buffer.from(host)));
  const extensions = sized(2, Buffer.from([0, 0]), sized(2, serverName));
  const start = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32), sized(1), sized(2, Buffer.from([0x13, 1]))]);
  const message = Buffer.concat([Buffer.from([1]), sized(3, start, sized(1, Buffer.from([0])), extensions)]);
  return Buffer.concat([Buffer.from([0x16, 3, 1]), sized(2, message)]);
}

function openingOf(pieces: Buffer[]): Opening | null {
  const reader = new OpeningReader();
  for (const piece of pieces) {
    const opening = reader.push(piece);
    if (opening !== null) return opening;
  }
  return null;
}

const openingsAreReadTheSameHoweverCut = fc.asyncProperty(
  fc.oneof(
    bytes(),
    fc
      .tuple(nearly('ab.-', 20), fc.array(fc.tuple(fc.nat({ max: 90 }), fc.nat({ max: 255 })), { maxLength: 2 }))
      .map(([host, changes]) => {
        const hello = clientHello(host);
        for (const [at, value] of changes) if (at < hello.length) hello[at] = value;
        return hello;
      }),
  ),
  cuts,
  nearly('ab.-', 20),
  async (whole, at, host) => {
    const opening = openingOf([whole]);
    assert.deepEqual(openingOf(cut(whole, at)), opening);
    if (opening === null || openingProblem(opening, { host, port: 443 }) !== null || opening.kind !== 'tls') return;
    assert.equal(opening.hello.serverName?.toLowerCase(), host);
  },
);

const ID = 'a'.repeat(40);
const aLine = fc.oneof(
  bytes(60),
  nearly('a b/\0\n', 20).map((ref) => packet(`${ID} ${ID} refs/heads/${ref}`)),
  fc.constantFrom(
    packet(`${ID} ${ID} refs/heads/a\0 report-status push-options`),
    packet(`shallow ${ID}`),
    FLUSH,
    FLUSH,
  ),
);

const pushesAreReadWholeOrRefused = fc.asyncProperty(fc.array(aLine, { maxLength: 6 }), cuts, async (lines, at) => {
  const whole = Buffer.concat(lines);
  try {
    const { commands, head } = await readPushRequest(new PacketReader(streamOf(cut(whole, at))));
    assert.equal(head.toString('latin1'), whole.toString('latin1', 0, head.length));
    assert.equal(new Set(commands.map(({ ref }) => ref)).size, commands.length);
    for (const { ref } of commands) assert.ok(ref !== '' && !/[\0\n]/.test(ref));
  } catch (error) {
    assert.equal((error as Error).name, 'UnreadablePush', String(error));
  }
});

/** What the gateway reads. */
export const GATEWAY: Record<string, Property> = {
  'a target reads the same twice': targetsAreReadTheSameTwice,
  'a policy is whole or none': policiesAreWholeOrNone,
  'the beginning of a connection is read the same, however it is cut': openingsAreReadTheSameHoweverCut,
  'a push is read whole or refused': pushesAreReadWholeOrRefused,
};
