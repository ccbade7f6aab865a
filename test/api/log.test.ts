import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogRecord } from '../../src/session/log-record.ts';
import { apiClient } from '../support/api-client.ts';
import { startTestApi } from '../support/api.ts';
import { moveSession, putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { appendLog } from '../support/logs.ts';
import { eventually } from '../support/eventually.ts';
import { openSse } from '../support/sse-client.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
});
afterAll(async () => {
  await rig?.close();
});

const TIME = '2026-01-01T00:00:00.000Z';
const line = (id: number, text: string, over: Partial<LogRecord> = {}): LogRecord => ({
  id: `${id}`,
  time: TIME,
  stream: 'stdout',
  text,
  ...over,
});

const MIXED = [
  line(1, 'hello'),
  line(2, 'oops', { stream: 'stderr' }),
  line(3, 'log is too long', { stream: 'system', code: 'log_capped' }),
  line(4, 'a lon', { partial: true }),
  line(5, 'g line'),
];

async function endedWith(records: LogRecord[]): Promise<string> {
  const { session } = await putSession(rig.redis, { status: 'succeeded', endedAt: TIME });
  await appendLog(rig, session.id, records);
  return `/v1/sessions/${session.id}/logs`;
}

describe('the log of an ended session', () => {
  test('as text is what the agent wrote, with cut lines whole again', async () => {
    const reply = await rig.call('GET', await endedWith(MIXED));
    expect(reply.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(reply.body).toBe('hello\noops\na long line\n');
  });

  test('is narrowed to one stream, to what comes after a line, and to what the system said', async () => {
    const path = await endedWith(MIXED);
    expect((await rig.call('GET', `${path}?stream=stderr`)).body).toBe('oops\n');
    expect((await rig.call('GET', `${path}?after=3`)).body).toBe('a long line\n');
    expect((await rig.call('GET', `${path}?stream=system`)).body).toBe('log is too long\n');
  });

  test('as text is byte for byte what the agent wrote, and ends where that ended', async () => {
    const path = await endedWith([
      line(1, '\ufffd\ufffd\0x', { bytes: Buffer.from('fffe0078', 'hex').toString('base64'), partial: true }),
      line(2, 'oops', { stream: 'stderr' }),
      line(3, '\u00e9\r'),
      line(4, 'no end', { partial: true }),
    ]);
    const reply = await fetch(`${rig.api.url}${path}?stream=stdout`, { headers: rig.authorization });
    expect(Buffer.from(await reply.arrayBuffer()).toString('latin1')).toBe('\xff\xfe\0x\xc3\xa9\r\nno end');
    const both = await fetch(rig.api.url + path, { headers: rig.authorization });
    expect((await both.arrayBuffer()).byteLength).toBe(4 + 5 + 4 + 6);
  });

  test('as ndjson has every record with its id', async () => {
    const reply = await rig.call('GET', await endedWith(MIXED), { headers: { accept: 'application/x-ndjson' } });
    const records = (reply.body as string).trimEnd().split('\n');
    expect(records.map((text) => JSON.parse(text) as LogRecord)).toEqual(MIXED);
  });

  test('of more than one page is complete and in order', async () => {
    const path = await endedWith(Array.from({ length: 1_250 }, (_, index) => line(index + 1, `${index + 1}`)));
    const numbers = ((await rig.call('GET', `${path}?follow=true`)).body as string).trimEnd().split('\n');
    expect(numbers).toEqual(Array.from({ length: 1_250 }, (_, index) => `${index + 1}`));
  });

  test('as SSE resumes after Last-Event-ID and says that it is over', async () => {
    const path = await endedWith(MIXED);
    using stream = await openSse(rig.api.url + path, { ...rig.authorization, 'last-event-id': '4' });
    expect(await stream.next()).toEqual({ id: '5', data: MIXED[4] });
    expect(await stream.next()).toEqual({ id: '5', event: 'end', data: { status: 'succeeded' } });
    expect(await stream.next()).toBeNull();
  });

  test('as SSE is answered 204 to a client that resumes at its end or past it, and to no other', async () => {
    const path = await endedWith(MIXED);
    const get = (lastEventId: string, accept = 'text/event-stream', at = path) =>
      rig.call('GET', at, { headers: { accept, 'last-event-id': lastEventId } });
    expect((await get('5')).status).toBe(204);
    expect((await get('99')).status).toBe(204);
    expect((await get('5', 'text/plain')).status).toBe(200);
    expect((await rig.call('GET', `${path}?after=5`, { headers: { accept: 'text/event-stream' } })).status).toBe(200);
    const { session } = await putSession(rig.redis, { status: 'running' });
    await appendLog(rig, session.id, MIXED);
    const live = `/v1/sessions/${session.id}/logs?follow=false`;
    expect((await get('5', 'text/event-stream', live)).status).toBe(200);
  });
});

describe('a log that cannot be read', () => {
  test('is a problem that says what to do, never an empty answer', async () => {
    const path = await endedWith(MIXED);
    const file = join(rig.api.logDir, path.split('/')[3] ?? '', '1.ndjson');
    await rm(file);
    await mkdir(file);
    const reply = await rig.call('GET', path);
    expect(reply).toMatchObject({
      status: 500,
      body: { code: 'log_unreadable', detail: expect.stringMatching(/EISDIR.*DAYPASS_LOG_DIR/) },
    });
    await rm(file, { recursive: true });
    await writeFile(file, '{"ends":[]}\n{"id":"1","te\n{"commit":{"at":0,"lastId":1,"state":{}}}\n');
    expect(await rig.call('GET', path)).toMatchObject({ status: 500, body: { code: 'log_unreadable' } });
  });

  test('because the API looks in another directory is a problem too', async () => {
    const sandbox = { id: 'sbx_1', image: 'daypass/sandbox', engine: 'engine-1', claimedAt: TIME, removedAt: TIME };
    const { session } = await putSession(rig.redis, { status: 'succeeded', endedAt: TIME, sandbox });
    const reply = await rig.call('GET', `/v1/sessions/${session.id}/logs`);
    expect(reply).toMatchObject({
      status: 500,
      body: { code: 'log_unreadable', detail: expect.stringContaining('DAYPASS_LOG_DIR') },
    });
  });

  test('because there never was one is empty', async () => {
    const { session } = await putSession(rig.redis, { status: 'failed', endedAt: TIME });
    expect(await rig.call('GET', `/v1/sessions/${session.id}/logs`)).toMatchObject({ status: 200, body: '' });
  });

  test('because it is not kept any more is gone since a time, while its session is still there', async () => {
    await using short = await startTestApi({ redisUrl: rig.store.url, keep: { logsMs: 3_600_000 } });
    const { session } = await putSession(rig.redis, { status: 'succeeded', endedAt: TIME });
    const call = apiClient(short);
    expect(await call('GET', `/v1/sessions/${session.id}/logs`)).toMatchObject({
      status: 410,
      body: { code: 'log_expired', detail: expect.stringContaining('until 2026-01-01T01:00:00.000Z') },
    });
    expect(await call('GET', `/v1/sessions/${session.id}`)).toMatchObject({ status: 200 });
  });

  test('is forgotten with its session', async () => {
    const path = await endedWith(MIXED);
    expect((await rig.call('DELETE', path.replace('/logs', ''))).status).toBe(204);
    expect(await readdir(rig.api.logDir)).not.toContain(path.split('/')[3]);
  });
});

describe('following a log', () => {
  test('from queued on gives each line soon after it was written, and ends with the session', async () => {
    const { session } = await putSession(rig.redis);
    using stream = await openSse(`${rig.api.url}/v1/sessions/${session.id}/logs`, rig.authorization);
    await moveSession(rig.redis, session.id, { status: 'starting' });
    await moveSession(rig.redis, session.id, { status: 'running' });
    for (const record of MIXED) {
      await appendLog(rig, session.id, [record]);
      expect(await stream.next(2_000)).toEqual({ id: record.id, data: record });
    }
    await appendLog(rig, session.id, [line(6, 'last')]);
    await moveSession(rig.redis, session.id, { status: 'succeeded', endedAt: TIME });
    expect(await stream.next()).toMatchObject({ id: '6' });
    expect(await stream.next()).toMatchObject({ event: 'end' });
    expect(await stream.next()).toBeNull();
  });

  test('as text ends after the last line', async () => {
    const { session } = await putSession(rig.redis, { status: 'running' });
    const whole = rig.call('GET', `/v1/sessions/${session.id}/logs?follow=true`);
    await appendLog(rig, session.id, [line(1, 'one')]);
    await appendLog(rig, session.id, [line(2, 'two')]);
    await moveSession(rig.redis, session.id, { status: 'failed', exitCode: 1, endedAt: TIME });
    expect((await whole).body).toBe('one\ntwo\n');
  });

  test('ends when the session is forgotten', async () => {
    const { session } = await putSession(rig.redis);
    using stream = await openSse(`${rig.api.url}/v1/sessions/${session.id}/logs`, rig.authorization);
    await rig.call('POST', `/v1/sessions/${session.id}/stop`);
    await rig.call('DELETE', `/v1/sessions/${session.id}`);
    expect(await stream.next()).toMatchObject({ event: 'end' });
  });

  test('gives its place back when the client goes away, also one that never read', async () => {
    const records = Array.from({ length: 400 }, (_, index) => line(index + 1, 'x'.repeat(60_000)));
    const { session } = await putSession(rig.redis, { status: 'running' });
    await appendLog(rig, session.id, records);
    const before = await openStreams();
    const url = `${rig.api.url}/v1/sessions/${session.id}/logs?follow=true`;
    const call = request(url, { headers: rig.authorization }).end();
    const [response] = (await once(call, 'response')) as [NodeJS.ReadableStream];
    response.pause();
    await eventually(openStreams, (count) => count === before + 1);
    call.destroy();
    expect(await eventually(openStreams, (count) => count === before)).toBe(before);
  });
});

async function openStreams(): Promise<number> {
  const { body } = await rig.call('GET', '/metrics');
  return Number(/^daypass_open_streams (\d+)$/m.exec(body as string)?.[1]);
}
