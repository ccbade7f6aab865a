import { z } from 'zod';
import { isEnded } from '../../session/status.ts';
import { readSession } from '../../store/records.ts';
import { loadFacts } from '../load.ts';
import { logPages } from '../log-pages.ts';
import { openLog } from '../open-log.ts';
import { defineOperation } from '../operation.ts';
import { logRecordSchema } from '../schemas/log-record.ts';
import { problemSchema } from '../schemas/problem.ts';
import { LOG_TYPES, writeLog } from '../write-log.ts';

const recordId = z.string().regex(/^\d{1,15}$/, 'must be the id of a log record');

export const getLog = defineOperation({
  method: 'get',
  path: '/v1/sessions/{id}/logs',
  scope: 'read',
  summary: 'The log of a session',
  description:
    'As Accept says. text/plain: standard output and error byte for byte, but for masks, and no line break that was not ' +
    'there; system records only with stream=system. application/x-ndjson: one record a line. A line of which the rest is ' +
    'late comes in pieces, marked partial, within 250 ms. text/event-stream: one record a message, at the end of the session an ' +
    '`end` event; follows unless follow=false. With follow it goes on, from queued on, until the last line, however long ' +
    'the command is silent. Every 15 s of silence bring a heartbeat, which readers skip: a comment in an event stream, an ' +
    'empty line in NDJSON. Text has no room for one, so a proxy or a client with an idle timeout may cut it off; behind ' +
    'one, follow another form. A client that resumes an event stream behind its end is answered 204, with which ' +
    'EventSource stops asking.',
  query: z.strictObject({
    follow: z.enum(['true', 'false']).optional(),
    after: recordId.optional().meta({ description: 'Records after this one.' }),
    stream: z.enum(['stdout', 'stderr', 'system']).optional(),
  }),
  headers: z.object({
    'Last-Event-ID': recordId
      .optional()
      .meta({ description: 'As after, and stronger: a client that resumes sends it.' }),
  }),
  responses: {
    '200': {
      description: 'The log.',
      content: {
        'text/plain': { schema: z.string() },
        'application/x-ndjson': { schema: logRecordSchema },
        'text/event-stream': { schema: logRecordSchema },
      },
    },
    '204': { description: 'To Last-Event-ID: the session has ended, and there is nothing after that record.' },
    '410': {
      description: 'The log is not kept any more: `log_expired`. The session still is.',
      content: { 'application/problem+json': { schema: problemSchema } },
    },
  },
  handle: async (call, { redis, changes, logDir, keep }) => {
    const { id, query, headers, prefers, signal } = call;
    const { session } = await loadFacts(redis, call);
    const type = prefers(LOG_TYPES);
    const resumesAt = headers['Last-Event-ID'];
    const afterId = resumesAt ?? query.after ?? '0';
    const { reader, isAtEnd } = await openLog({ logDir, keep }, session, afterId);
    const isOver = isEnded(session.status) && isAtEnd;
    if (type === 'text/event-stream' && resumesAt !== undefined && isOver) return { status: 204 };
    const pages = logPages({
      redis,
      changes,
      signal,
      sessionId: id,
      reader,
      keepsOn: (query.follow ?? String(type === 'text/event-stream')) === 'true',
    });
    const finalStatus = async () => (await readSession(redis, id))?.status ?? null;
    return writeLog(type, pages, { stream: query.stream ?? null, afterId, finalStatus });
  },
});
