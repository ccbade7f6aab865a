import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';

export const TYPE = {
  A: 1,
  NS: 2,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  SVCB: 64,
  HTTPS: 65,
  ANY: 255,
};
const CODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const PATIENCE_MS = 20_000;
/** For queries that get no reply. */
export const NO_REPLY_MS = 2_000;

export interface DnsReply {
  bytes: Buffer;
  id: number;
  code: string;
  /** The question as it came back. */
  question: string;
  /** An address or a name; empty for no answer. */
  answer: string;
  ttlSeconds: number | null;
}

/** A query for one name, with one EDNS record when `edns` says which version. */
export function dnsQuery(name: string, type: number = TYPE.A, { edns }: { edns?: number } = {}): Buffer {
  const header = Buffer.from([0x47, 0x11, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, edns === undefined ? 0 : 1]);
  const opt = edns === undefined ? [] : [0, 0, TYPE.OPT, 0x04, 0xd0, 0, edns, 0, 0, 0, 0];
  return Buffer.concat([header, wireName(name), Buffer.from([0, type, 0, 1]), Buffer.from(opt)]);
}

export function wireName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  const bytes = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  return Buffer.concat([...bytes, Buffer.from([0])]);
}

/** The reply to one datagram; null when none comes within the time. */
export async function askUdp(
  port: number,
  query: Buffer,
  { address = '127.0.0.1', patienceMs = PATIENCE_MS }: { address?: string; patienceMs?: number } = {},
): Promise<DnsReply | null> {
  const socket = createSocket('udp4');
  try {
    socket.send(query, port, address);
    const late = AbortSignal.timeout(patienceMs);
    const [bytes] = (await once(socket, 'message', { signal: late })) as [Buffer];
    return readReply(bytes);
  } catch (error) {
    if ((error as Error).name === 'AbortError') return null;
    throw error;
  } finally {
    socket.close();
  }
}

/** The replies to queries that are sent one right after the other, until the server closes or all have come. */
export async function askTcp(port: number, bytes: Buffer, count: number): Promise<DnsReply[]> {
  const socket = connect(port, '127.0.0.1');
  let pending = Buffer.alloc(0);
  const replies: DnsReply[] = [];
  socket.write(bytes);
  for await (const chunk of socket) {
    pending = Buffer.concat([pending, chunk as Buffer]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const length = pending.readUInt16BE(0);
      replies.push(readReply(pending.subarray(2, 2 + length)));
      pending = pending.subarray(2 + length);
    }
    if (replies.length === count) break;
  }
  return replies;
}

export function withLength(query: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  return Buffer.concat([length, query]);
}

function readReply(bytes: Buffer): DnsReply {
  const flags = bytes.readUInt16BE(2);
  const [questions, answers] = [bytes.readUInt16BE(4), bytes.readUInt16BE(6)];
  let at = 12;
  const question = questions === 0 ? '' : readName(bytes, at);
  if (questions === 1) at += wireName(question).length + 4;
  const reply = { bytes, id: bytes.readUInt16BE(0), code: CODES[flags & 0xf] ?? String(flags & 0xf), question };
  if (answers === 0) return { ...reply, answer: '', ttlSeconds: null };
  const data = bytes.subarray(at + 12, at + 12 + bytes.readUInt16BE(at + 10));
  const isAddress = bytes.readUInt16BE(at + 2) === TYPE.A;
  return {
    ...reply,
    answer: isAddress ? [...data].join('.') : readName(data, 0),
    ttlSeconds: bytes.readUInt32BE(at + 6),
  };
}

function readName(bytes: Buffer, from: number): string {
  const labels: string[] = [];
  for (let at = from; bytes[at] !== 0; at += 1 + (bytes[at] ?? 0)) {
    labels.push(bytes.toString('latin1', at + 1, at + 1 + (bytes[at] ?? 0)));
  }
  return labels.join('.');
}
