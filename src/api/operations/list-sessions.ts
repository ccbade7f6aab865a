import { z } from 'zod';
import { viewOf } from '../../access/caller.ts';
import type { SessionRecord } from '../../session/record.ts';
import { SESSION_STATUSES } from '../../session/status.ts';
import { listSessions as pageOfSessions } from '../../store/listing.ts';
import { sortOut } from '../../store/readable.ts';
import { requireCaller } from '../caller.ts';
import { listAnswer } from '../list-answer.ts';
import { presentIfReadable } from '../load.ts';
import { defineOperation } from '../operation.ts';
import { cursor, limit, listOf } from '../schemas/common.ts';
import { sessionSchema } from '../schemas/session.ts';
import { jsonAnswer } from './answers.ts';

const METADATA = 'metadata.';
/** As many entries as a session's metadata may have, and the other parameters. */
const MAX_FILTERS = 35;

const query = z
  .object({ status: z.enum(SESSION_STATUSES).optional(), limit, cursor: cursor.optional() })
  .catchall(z.string())
  .superRefine((given, context) => {
    const names = Object.keys(given);
    if (names.length > MAX_FILTERS) context.addIssue(`must have at most ${MAX_FILTERS} parameters`);
    for (const name of names) {
      if (name.startsWith(METADATA) || Object.hasOwn(query.shape, name)) continue;
      context.addIssue({ code: 'custom', path: [name], message: 'is not a known parameter' });
    }
  });

export const listSessions = defineOperation({
  method: 'get',
  path: '/v1/sessions',
  scope: 'read',
  summary: 'Lists sessions, newest first',
  description:
    'Besides the parameters below, metadata.KEY=VALUE (up to 32 of them) keeps sessions that have exactly that. A page ' +
    'may then have fewer than its limit, or none, and still a nextCursor: go on until it is null.',
  query,
  responses: jsonAnswer(200, 'A page of sessions.', listOf(sessionSchema)),
  handle: async (call, { redis }) => {
    const { status, limit: size, cursor: from, ...rest } = call.query;
    const { items, unreadable, nextCursor } = await pageOfSessions(redis, {
      keyId: viewOf(requireCaller(call)),
      status: status ?? null,
      limit: size,
      cursor: from ?? null,
      keep: hasMetadata(rest),
    });
    const shown = sortOut(await Promise.all(items.map((item) => presentIfReadable(redis, item))));
    return listAnswer({ data: shown.items, nextCursor, unreadable: [...unreadable, ...shown.unreadable] });
  },
});

function hasMetadata(parameters: Record<string, string>): (session: SessionRecord) => boolean {
  const wanted = Object.entries(parameters).map(([name, value]) => [name.slice(METADATA.length), value] as const);
  return ({ request: { metadata } }) =>
    wanted.every(([name, value]) => Object.hasOwn(metadata, name) && metadata[name] === value);
}
