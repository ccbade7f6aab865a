import { FLUSH, NotPackets, packet, PacketReader } from './pkt-line.ts';

/*
 * A fetch by hand of what a repo host has beyond one commit: for commits of a push that lie between it and what the host
 * has already. Version 0 of the protocol, which every host speaks. Source: gitprotocol-pack(5), gitprotocol-http(5).
 */

const MAX_REFS = 50_000;

export interface AdvertisedRefs {
  /** Each once. */
  ids: string[];
  capabilities: ReadonlySet<string>;
}

/** Reads the answer to GET info/refs?service=git-upload-pack. Throws `NotPackets` when it is none. */
export async function readAdvertisedRefs(answer: AsyncIterable<Uint8Array>): Promise<AdvertisedRefs> {
  const packets = new PacketReader(answer);
  const ids = new Set<string>();
  let capabilities: ReadonlySet<string> = new Set();
  let flushes = 0;
  for (let next = await packets.next(); next !== null && flushes < 2; next = await packets.next()) {
    if (next.kind !== 'data') {
      flushes++;
      continue;
    }
    const [line = '', features] = next.payload.toString('latin1').trimEnd().split('\0');
    if (features !== undefined) capabilities = new Set(features.split(' '));
    const [, id, name] = /^([0-9a-f]{40,64}) (.+)$/.exec(line) ?? [];
    if (id === undefined || name === undefined || name.endsWith('^{}') || /^0+$/.test(id)) continue;
    ids.add(id);
    if (ids.size > MAX_REFS) throw new NotPackets('the repo has too many refs');
  }
  return { ids: [...ids], capabilities };
}

/** The body of POST git-upload-pack that asks for everything newer than `haveId`: commits alone where the host can. */
export function newerHistoryRequest({ ids, capabilities }: AdvertisedRefs, haveId: string): Buffer {
  const wanted = ['side-band-64k', 'ofs-delta', 'no-progress', 'filter'].filter((one) => capabilities.has(one));
  if (haveId.length === 64) wanted.push('object-format=sha256');
  const [first, ...others] = ids;
  return Buffer.concat([
    packet(`want ${first} ${wanted.join(' ')}\n`),
    ...others.map((id) => packet(`want ${id}\n`)),
    ...(wanted.includes('filter') ? [packet('filter tree:0\n')] : []),
    FLUSH,
    packet(`have ${haveId}\n`),
    packet('done\n'),
  ]);
}

/** The pack in the answer to it. Throws `NotPackets` when there is none. */
export async function* packOf(answer: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const packets = new PacketReader(answer);
  for (let next = await packets.next(); next !== null; next = await packets.next()) {
    if (next.kind !== 'data') continue;
    const [band] = next.payload;
    if (band === 1) yield next.payload.subarray(1);
    else if (band === 3) throw new NotPackets(`the repo host gave up: ${next.payload.subarray(1).toString().trim()}`);
    else if (band !== 2 && !/^(NAK|ACK )/.test(next.payload.toString('latin1')))
      throw new NotPackets('the repo host answers with something else than a pack');
  }
}
