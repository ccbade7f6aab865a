import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { createResolve } from '../../src/egress/resolve.ts';

/** DNS record types and response codes (RFC 1035, 3.2.2 and 4.1.1; AAAA: RFC 3596). */
const A = 1;
const CNAME = 5;
const AAAA = 28;
const SERVFAIL = 2;
const NXDOMAIN = 3;

interface Answer {
  code?: number;
  records?: { type: number; data: Buffer; name?: Buffer }[];
}

/** A name server that answers by the type that it is asked for; null: not at all. Tells what it was asked. */
async function nameServer(answer: (type: number) => Answer | null): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createSocket('udp4');
  server.on('message', (query: Buffer, { port }: RemoteInfo) => {
    let at = 12;
    const labels: string[] = [];
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const type = query.readUInt16BE(at + 1);
    asked.push(`${labels.join('.')} ${type}`);
    const found = answer(type);
    if (found === null) return;
    const { code = 0, records = [] } = found;
    const header = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80 | code, 0, 1, 0, records.length, 0, 0, 0, 0]);
    const lines = records.map((record) => {
      const fixed = Buffer.from([0, record.type, 0, 1, 0, 0, 0, 60, 0, record.data.length]);
      return Buffer.concat([record.name ?? Buffer.from([0xc0, 0x0c]), fixed, record.data]);
    });
    server.send(Buffer.concat([header, query.subarray(12, at + 5), ...lines]), port, '127.0.0.1');
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { address: `127.0.0.1:${server.address().port}`, asked };
}

const ipv4 = { type: A, data: Buffer.from([93, 184, 216, 34]) };
const ipv6 = { type: AAAA, data: Buffer.from('26062800022000010248189325c81946', 'hex') };

it('gives the addresses of both kinds, and asks for the very name', async () => {
  const { address, asked } = await nameServer((type) => ({ records: [type === A ? ipv4 : ipv6] }));
  const found = await createResolve([address])('api.example.com');
  expect(found).toEqual(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946']);
  expect(new Set(asked)).toEqual(new Set(['api.example.com 1', 'api.example.com 28']));
});

it('follows an alias to its addresses, of which each is given, private ones too', async () => {
  const target = Buffer.from('\x01b\x07example\x03org\0', 'latin1');
  const alias = { type: CNAME, data: target };
  const inside = { type: A, data: Buffer.from([10, 0, 0, 1]), name: target };
  const { address } = await nameServer((type) => ({
    records: type === A ? [alias, { ...ipv4, name: target }, inside] : [],
  }));
  expect(await createResolve([address])('api.example.com')).toEqual(['93.184.216.34', '10.0.0.1']);
});

it('makes do with one kind when there is none of the other, or its name server fails', async () => {
  for (const other of [{ records: [] }, { code: SERVFAIL }]) {
    const { address } = await nameServer((type) => (type === A ? { records: [ipv4] } : other));
    expect(await createResolve([address])('api.example.com')).toEqual(['93.184.216.34']);
  }
});

it('fails for a name that is not there, and in the end when nobody answers', async () => {
  const unknown = await nameServer(() => ({ code: NXDOMAIN }));
  await expect(createResolve([unknown.address])('api.example.com')).rejects.toThrow('ENOTFOUND');
  const silent = await nameServer(() => null);
  await expect(createResolve([silent.address, silent.address])('api.example.com')).rejects.toThrow(
    /ETIMEOUT|ECANCELLED/,
  );
}, 30_000);

it('does not know this machine by its names', async () => {
  const { address, asked } = await nameServer(() => ({ code: NXDOMAIN }));
  await expect(createResolve([address])('localhost.localdomain')).rejects.toThrow('ENOTFOUND');
  expect(asked.length).toBeGreaterThan(0);
});
