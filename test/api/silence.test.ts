import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { LogRecord } from '../../src/session/log-record.ts';
import { moveSession, putSession, startApiRig, type ApiRig } from '../support/api-rig.ts';
import { eventually } from '../support/eventually.ts';
import { appendLog } from '../support/logs.ts';

const STILL_MS = 1_000;
const HEARTBEAT_MS = 200;
const SILENCE_MS = 3 * STILL_MS;

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig({}, { bounds: { stillMs: STILL_MS, heartbeatMs: HEARTBEAT_MS, streams: 1 } });
});
afterAll(async () => {
  await rig?.close();
});

const line = (id: number, text: string): LogRecord => ({
  id: `${id}`,
  time: '2026-01-01T00:00:00.000Z',
  stream: 'stdout',
  text,
});

/** Follows a log as `curl -N` does: with what has come so far, and whether it came to its end in order. */
async function followLog(accept: string) {
  const { session } = await putSession(rig.redis, { status: 'running' });
  const path = `${rig.api.url}/v1/sessions/${session.id}/logs?follow=true`;
  // On a connection of its own: one that is kept is closed here after a second, perhaps as the next request goes out.
  const asked = request(path, { headers: { ...rig.authorization, accept }, agent: false }).end();
  onTestFinished(() => void asked.destroy());
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    asked.on('response', resolve).on('error', reject),
  );
  let text = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<'in order' | 'cut off'>((resolve) =>
    answer.on('end', () => resolve('in order')).on('error', () => resolve('cut off')),
  );
  const print = (id: number, said: string) => appendLog(rig, session.id, [line(id, said)]);
  const end = () => moveSession(rig.redis, session.id, { status: 'succeeded', endedAt: new Date().toISOString() });
  return { id: session.id, answer, text: () => text, ended, print, end };
}

test.each(['text/plain', 'application/x-ndjson', 'text/event-stream'])(
  'a follower by %s survives a command that is silent for longer than any limit',
  async (accept) => {
    const { id, text, ended, print, end } = await followLog(accept);
    await print(1, 'a');
    await moveSession(rig.redis, id, {});
    await eventually(text, (so) => so.includes('a'));
    await sleep(SILENCE_MS);
    await print(2, 'b');
    await end();
    expect(await ended).toBe('in order');
    const said = { 'text/plain': text(), 'text/event-stream': texts(dataOf(text())) }[accept] ?? texts(text());
    expect(said).toBe('a\nb\n');
  },
);

test('text is what the command wrote and nothing else, while the other forms say that they are there', async () => {
  const inForms = async (accept: string): Promise<string> => {
    const { text, ended, end } = await followLog(accept);
    await sleep(SILENCE_MS);
    await end();
    await ended;
    return text();
  };
  expect(await inForms('text/plain')).toBe('');
  // Nobody between waits for longer than a heartbeat and a half: every line of these is one.
  expect((await inForms('application/x-ndjson')).length).toBeGreaterThan(SILENCE_MS / HEARTBEAT_MS / 1.5);
  expect((await inForms('text/event-stream')).match(/^:/gm)?.length).toBeGreaterThan(SILENCE_MS / HEARTBEAT_MS / 1.5);
});

test.each(['text/plain', 'application/x-ndjson', 'text/event-stream'])(
  'a silent follower by %s that goes away makes room for another at once',
  async (accept) => {
    const first = await followLog(accept);
    expect(first.answer.statusCode).toBe(200);
    expect((await followLog(accept)).answer.statusCode).toBe(503);
    first.answer.destroy();
    await eventually(
      () => followLog(accept),
      ({ answer }) => answer.statusCode === 200,
      { everyMs: 200 },
    );
  },
);

/** The lines of text of records, one a line, by a reader that skips empty lines. */
function texts(ndjson: string): string {
  const records = ndjson.split('\n').filter((record) => record !== '');
  return records.map((record) => `${(JSON.parse(record) as LogRecord).text}\n`).join('');
}

/** The data of the messages that are records. */
function dataOf(stream: string): string {
  const messages = stream.split('\n\n').filter((message) => !message.includes('event: end'));
  return messages.flatMap((message) => /^data: (.*)$/m.exec(message)?.[1] ?? []).join('\n');
}
