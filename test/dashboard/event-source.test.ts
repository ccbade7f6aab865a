import { expect, test } from 'vitest';
import type { LogRecord } from '../../src/session/log-record.ts';
import { moveSession, putSession } from '../support/api-rig.ts';
import { useDashboard } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { appendLog } from '../support/logs.ts';

const dashboard = useDashboard();
const TIME = '2026-01-01T00:00:00.000Z';

const line = (id: number, stream: LogRecord['stream'] = 'stdout'): LogRecord => ({
  id: `${id}`,
  time: TIME,
  stream,
  text: `line ${id}`,
});

interface Heard {
  ids: string[];
  ends: number;
  isClosed: boolean;
}

/** Opens a browser's own EventSource, which asks again whenever it is not told to stop; gives what it has heard so far. */
async function listen(path: string): Promise<{ heard: () => Promise<Heard>; answers: number[] }> {
  const { page } = dashboard;
  await dashboard.enter();
  const answers: number[] = [];
  page.on('response', (response) => void (response.url().endsWith(path) && answers.push(response.status())));
  await page.evaluate(`{
    const source = new EventSource(${JSON.stringify(path)});
    const heard = { ids: [], ends: 0, isClosed: false };
    source.onmessage = ({ lastEventId }) => heard.ids.push(lastEventId);
    source.addEventListener('end', () => heard.ends++);
    source.onerror = () => (heard.isClosed = source.readyState === EventSource.CLOSED);
    window.heard = heard;
  }`);
  return { heard: () => page.evaluate<Heard>('window.heard'), answers };
}

const closed = (heard: () => Promise<Heard>) => eventually(heard, ({ isClosed }) => isClosed, { timeoutMs: 10_000 });

test.each([
  ['with lines', [line(1), line(2)], '', ['1', '2']],
  ['without a line', [], '', []],
  ['whose last lines are of the other stream', [line(1, 'stderr'), line(2)], '?stream=stderr', ['1']],
])(
  'a browser’s EventSource on the log of an ended session, %s, hears each line once and stops asking',
  async (_what, records, query, ids) => {
    const { session } = await putSession(dashboard.rig.redis, { status: 'succeeded', endedAt: TIME });
    await appendLog(dashboard.rig, session.id, records);
    const { heard, answers } = await listen(`/v1/sessions/${session.id}/logs${query}`);
    expect(await closed(heard)).toEqual({ ids, ends: 1, isClosed: true });
    expect(answers).toEqual([200, 204]);
  },
);

test('one that follows a session to its end stops asking, too', async () => {
  const { session } = await putSession(dashboard.rig.redis, { status: 'running' });
  const { heard } = await listen(`/v1/sessions/${session.id}/logs`);
  await appendLog(dashboard.rig, session.id, [line(1)]);
  await moveSession(dashboard.rig.redis, session.id, { status: 'succeeded', endedAt: TIME });
  expect(await closed(heard)).toEqual({ ids: ['1'], ends: 1, isClosed: true });
});

test('one on the events of a session for which nothing is left to do hears each once and stops asking', async () => {
  const { session } = await putSession(dashboard.rig.redis, { status: 'running' });
  await moveSession(dashboard.rig.redis, session.id, { status: 'succeeded', endedAt: TIME });
  const { heard, answers } = await listen(`/v1/sessions/${session.id}/events`);
  const { ids, ends } = await closed(heard);
  expect({ events: ids.length, ends }).toEqual({ events: 2, ends: 1 });
  expect(answers).toEqual([200, 204]);
});
