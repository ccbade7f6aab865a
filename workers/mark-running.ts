import type { SessionRecord } from '../src/session/record.ts';
import { changeHeld } from './change-held.ts';
import type { WorkerDeps } from './deps.ts';
import type { Life } from './life.ts';

/** The session is `running` from here on. */
export async function markRunning(deps: WorkerDeps, session: SessionRecord, life: Life): Promise<void> {
  const now = new Date();
  const program = session.request.command?.[0];
  const command = program === undefined ? null : deps.masks.of(session.id)(program);
  await changeHeld(deps, session, ({ session: latest }) => {
    if (latest.status !== 'starting') return null;
    const timings = {
      ...latest.timings,
      cloneMs: life.stepMs['clone'] ?? 0,
      toRunningMs: now.getTime() - Date.parse(latest.createdAt),
    };
    return {
      session: { ...latest, status: 'running', runningAt: now.toISOString(), timings },
      events: [{ type: 'running', detail: { command, ...timings } }],
    };
  });
}
