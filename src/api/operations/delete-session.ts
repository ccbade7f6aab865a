import { Refusal } from '../../errors.ts';
import { deleteLog } from '../../logs/log-directory.ts';
import { whyKept } from '../../session/keep.ts';
import { forget } from '../../store/records.ts';
import { loadFacts } from '../load.ts';
import { defineOperation } from '../operation.ts';

export const deleteSession = defineOperation({
  method: 'delete',
  path: '/v1/sessions/{id}',
  scope: 'start',
  audit: 'session.delete',
  summary: 'Forgets an ended session',
  description: 'Its record, log and events. Refused while it lives, or its container or token is not gone.',
  responses: { '204': { description: 'It is forgotten.' } },
  handle: async (call, { redis, logDir }) => {
    const { id, audit } = call;
    for (;;) {
      const facts = await loadFacts(redis, call);
      const reason = whyKept(facts, new Date());
      if (reason !== null) throw new Refusal('session_not_ended', `Session ${id} cannot be deleted yet. ${reason}`);
      // Before the record, so that a call that fails here can be repeated.
      await deleteLog(logDir, id);
      if (!(await forget(redis, facts, audit === null ? [] : [audit.effect()]))) continue;
      audit?.written();
      return { status: 204 };
    }
  },
});
