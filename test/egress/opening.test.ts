import { constants } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readClientHello } from '../../src/egress/opening/client-hello.ts';
import { openingProblem } from '../../src/egress/opening/opening-problem.ts';
import { OpeningReader, type Opening } from '../../src/egress/opening/opening-reader.ts';
import { extension, helloBody, helloMessage, realClientHello, records, serverNames } from './support/client-hello.ts';

const target = { host: 'api.example.com', port: 443 };
const MISMATCH = 'the TLS handshake asks for evil.example.com instead';

/** Reads the bytes in pieces that end at these places. */
function read(bytes: Buffer, cuts: number[] = []): Opening | null {
  const reader = new OpeningReader();
  const places = [0, ...cuts.filter((at) => at > 0 && at < bytes.length).toSorted((a, b) => a - b), bytes.length];
  for (const [i, end] of places.slice(1).entries()) {
    const opening = reader.push(bytes.subarray(places[i], end));
    if (opening !== null) return opening;
  }
  return null;
}

const problemOf = (bytes: Buffer): string | null => {
  const opening = read(bytes);
  return opening === null ? 'more is needed' : openingProblem(opening, target);
};
const hello = (...extensions: Buffer[]): Buffer => records(helloMessage(helloBody({ extensions })));
const cutsOf = (length: number) => fc.array(fc.integer({ min: 1, max: length }), { maxLength: 60 });

describe('TLS', () => {
  it.each([
    ['as it is', {}],
    ['of version 1.2', { maxVersion: 'TLSv1.2' as const }],
    ['with ALPN', { ALPNProtocols: ['h2', 'http/1.1'] }],
    ['without extensions for tickets', { secureOptions: constants.SSL_OP_NO_TICKET }],
  ])("takes Node's own ClientHello %s, by the name in it", async (_title, options) => {
    const bytes = await realClientHello({ servername: 'api.example.com', ...options });
    expect(problemOf(bytes)).toBeNull();
    const other = await realClientHello({ servername: 'evil.example.com', ...options });
    expect(problemOf(other)).toContain(MISMATCH);
    expect(problemOf(other)).toContain('tcp://api.example.com:443');
  });

  it('reads a ClientHello the same however records and packets cut it', async () => {
    const [record] = [await realClientHello({ servername: 'api.example.com' })];
    const message = record.subarray(5);
    fc.assert(
      fc.property(cutsOf(message.length), cutsOf(2 * message.length), (recordCuts, packetCuts) => {
        const wire = records(message, recordCuts);
        expect(read(wire, packetCuts)).toEqual(read(record));
        expect(read(wire.subarray(0, -1), packetCuts)).toBeNull();
      }),
    );
    const everyByte = Array.from({ length: message.length }, (_, i) => i);
    expect(read(records(message, everyByte), everyByte)).toEqual(read(record));
  });

  it('never takes what was changed in a byte for another name than the one it reads', async () => {
    const record = await realClientHello({ servername: 'api.example.com' });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: record.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const changed = Buffer.from(record);
        changed[at] = value;
        const opening = read(changed);
        if (opening?.kind !== 'tls' || opening.hello.serverName === null) return;
        expect(changed.includes(opening.hello.serverName, 0, 'latin1')).toBe(true);
      }),
    );
  });

  it('reads any bytes to an answer without throwing, and never past 64 KiB', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, asHello) => {
        const wire = asHello ? records(helloMessage(Buffer.from(bytes))) : Buffer.from(bytes);
        read(wire);
        readClientHello(Buffer.from(bytes));
      }),
    );
    const endless = new OpeningReader();
    let answer: Opening | null = null;
    let pushed = 0;
    const oneByteRecord = records(helloMessage(helloBody()).subarray(0, 1));
    for (; answer === null && pushed < 1_000_000; pushed += 6) {
      answer = endless.push(pushed === 0 ? oneByteRecord : Buffer.from([0x16, 3, 1, 0, 1, 0]));
    }
    expect(answer).toEqual({ kind: 'broken' });
    expect(pushed).toBeLessThan(70_000);
  });

  it('takes Encrypted ClientHello beside the right name, as browsers send it with every connection', () => {
    expect(problemOf(hello(serverNames('api.example.com'), extension(0xfe0d, Buffer.alloc(8))))).toBeNull();
  });

  it('takes letters of any case, and nothing that only looks like the name', () => {
    expect(problemOf(hello(serverNames('API.Example.COM')))).toBeNull();
    for (const name of [
      'api.example.com.',
      'xapi.example.com',
      'api.example.com\0',
      'api.example.com\0.evil.org',
      '*',
    ]) {
      expect(problemOf(hello(serverNames(name)))).toContain('instead');
    }
  });

  it.each([
    ['no server_name', [], 'names no host'],
    ['an empty name', [serverNames('')], 'good form'],
    ['no name in the list', [serverNames()], 'good form'],
    ['two names in one list', [serverNames('api.example.com', 'evil.example.com')], 'good form'],
    ['two lists', [serverNames('api.example.com'), serverNames('evil.example.com')], 'good form'],
    [
      'bytes behind the list',
      [extension(0, Buffer.concat([serverNames('api.example.com').subarray(4), Buffer.of(0)]))],
      'good form',
    ],
    ['another kind of name', [extension(0, Buffer.from([0, 4, 1, 0, 1, 0x61]))], 'good form'],
    [
      'Encrypted ClientHello with another outer name',
      [serverNames('evil.example.com'), extension(0xfe0d, Buffer.alloc(8))],
      MISMATCH,
    ],
    ['Encrypted ClientHello and no outer name', [extension(0xfe0d, Buffer.alloc(8))], 'names no host'],
  ])('refuses a ClientHello with %s', (_title, extensions, why) => {
    expect(problemOf(hello(...extensions))).toContain(why);
  });

  it.each([
    ['bytes behind the extensions', records(helloMessage(helloBody({ rest: Buffer.of(0) })))],
    ['another message in its record', records(Buffer.concat([helloMessage(helloBody()), helloMessage(helloBody())]))],
    ['no cipher suites', records(helloMessage(helloBody({ cipherSuites: Buffer.alloc(0) })))],
    ['half a cipher suite', records(helloMessage(helloBody({ cipherSuites: Buffer.alloc(3) })))],
    ['no compression method', records(helloMessage(helloBody({ compressions: Buffer.alloc(0) })))],
    ['a session id that is too long', records(helloMessage(helloBody({ sessionId: Buffer.alloc(33) })))],
    ['an empty record', Buffer.from([0x16, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([0x16, 3, 1, 0x40, 1])],
    ['a version that is none', Buffer.from([0x16, 2, 1, 0, 5])],
    ['a ServerHello', records(Buffer.from([2, 0, 0, 1, 0]))],
    [
      'an alert in the middle',
      Buffer.concat([records(helloMessage(helloBody()).subarray(0, 9)), Buffer.from([0x15, 3, 1, 0, 2, 1, 0])]),
    ],
    ['a length of megabytes', records(Buffer.from([1, 0xff, 0xff, 0xff]))],
  ])('refuses %s', (_title, bytes) => {
    expect(read(bytes)).toEqual({ kind: 'broken' });
  });
});

describe('what is no TLS', () => {
  it('takes a capital letter for the method of an HTTP request', () => {
    expect(read(Buffer.from('G'))).toEqual({ kind: 'http' });
  });

  it.each(['SSH-2.0', 'PRI * HTTP/2.0'])('leaves %j to the reader of HTTP requests, which refuses it', (text) => {
    expect(read(Buffer.from(text))).toEqual({ kind: 'http' });
  });

  it.each([
    '\0\0\0\x08\x04\xd2\x16\x2f',
    '\x80\x2e\x01\x03\x01',
    'get / HTTP/1.1',
    '\r\nGET / HTTP/1.1',
    '\x14\x03\x03',
    ' ',
  ])('refuses %j and names the rule that would allow it', (text) => {
    const problem = problemOf(Buffer.from(text, 'latin1'));
    expect(problem).toBe(
      'what came is neither TLS nor HTTP; a rule tcp://api.example.com:443 would let any bytes through',
    );
  });
});
