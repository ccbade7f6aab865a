import type { ResolvedPushRules } from '../../session/push-rules.ts';
import { FLUSH, NotPackets, packet, PacketReader, type Packet } from './pkt-line.ts';

/** Packets before the one with the capabilities: the service's name, a flush, perhaps a version. */
const MAX_BEFORE = 4;

/**
 * The answer of a host to the beginning of a push, with its capabilities as this session may use them. The rest passes as
 * it is. Throws `NotPackets` when the host speaks something else.
 */
export async function* restrictAdvertisement(
  answer: AsyncIterable<Uint8Array>,
  rules: ResolvedPushRules | null,
): AsyncGenerator<Buffer> {
  const packets = new PacketReader(answer);
  for (let count = 0; count <= MAX_BEFORE; count++) {
    const next = await packets.next();
    const nul = next?.kind === 'data' ? next.payload.indexOf(0) : -1;
    if (next === null) throw new NotPackets('the repo host says nothing of what it can do');
    if (nul === -1 || next.kind !== 'data') {
      yield encode(next);
      continue;
    }
    const capabilities = next.payload
      .subarray(nul + 1)
      .toString()
      .trim()
      .split(' ');
    const restricted = Buffer.from(`${usable(capabilities, rules).join(' ')}\n`);
    yield packet(Buffer.concat([next.payload.subarray(0, nul + 1), restricted]));
    return yield* packets.rest();
  }
  throw new NotPackets('the repo host does not say what it can do');
}

/**
 * - A signed push would hide its commands in its certificate.
 * - Push options can mean anything to a host, such as to merge; rules for refs do not reach that.
 * - To tell a fast-forward from a forced push the gateway looks into the pack, which then has to stand alone (`no-thin`).
 *
 * Pure. Source: gitprotocol-capabilities(5).
 */
function usable(capabilities: string[], rules: ResolvedPushRules | null): string[] {
  const kept = capabilities.filter(
    (one) => !one.startsWith('push-cert=') && (rules === null || one !== 'push-options'),
  );
  const needsPack = rules !== null && !rules.force && !kept.includes('no-thin');
  return needsPack ? [...kept, 'no-thin'] : kept;
}

function encode(one: Packet): Buffer {
  if (one.kind === 'data') return packet(one.payload);
  return one.kind === 'flush' ? FLUSH : Buffer.from(one.kind === 'delimiter' ? '0001' : '0002');
}
