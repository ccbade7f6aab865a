import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '../../../errors.ts';
import { seconds } from '../progress.ts';
import { restartDelayMs } from './restart-policy.ts';
import { exitText, type Role } from './role.ts';
import { startRoleProcess, type RoleProcess } from './role-process.ts';

/** More lives than this make no difference to the delay. */
const LIVES_REMEMBERED = 8;

export interface KeepDeps {
  onLine: (line: string) => void;
  /** A new process has begun. */
  onStart: (pid: number) => void;
  /** For the person at the screen: it died, it is back. */
  note: (text: string) => void;
}

/** A role that is kept running until it is to end. */
export interface KeptRole {
  role: Role;
  /** Of the process that runs now, or ran last. */
  pid(): number;
  /** False: it had to be killed. Safe to call again. */
  end(): Promise<boolean>;
}

/** Starts a role, waits for it to be ready once, then starts it again whenever it dies. Throws when it is not ready in time. */
export async function keepRole(role: Role, readyTimeoutMs: number, deps: KeepDeps): Promise<KeptRole> {
  const ending = new AbortController();
  const begin = async (): Promise<RoleProcess> => {
    const begun = await startRoleProcess(role, deps.onLine);
    deps.onStart(begun.pid);
    return begun;
  };
  let current = await begin();
  await firstReady(role, current, readyTimeoutMs);

  const livesMs: number[] = [];
  const beginAgain = async (): Promise<RoleProcess> => {
    for (;;) {
      await sleep(restartDelayMs(livesMs.slice(-LIVES_REMEMBERED)), undefined, { signal: ending.signal });
      try {
        return await begin();
      } catch (error) {
        deps.note(`cannot be started, which is tried again: ${describe(error)}`);
        livesMs.push(0);
      }
    }
  };
  const keep = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const exit = await current.exited;
      if (ending.signal.aborted) return;
      livesMs.push(Date.now() - current.startedAtMs);
      deps.note(`${exitText(exit)}; it is started again`);
      const again = await beginAgain();
      current = again;
      void again.ready.then((ready) => ready && deps.note(`is back after ${seconds(Date.now() - again.startedAtMs)}`));
    }
    // A start that was under way when the end was asked for.
    await current.end();
  };
  const kept = keep().catch((error: unknown) => {
    // The end was asked for during the wait before another start.
    if (!ending.signal.aborted) throw error;
  });

  return {
    role,
    pid: () => current.pid,
    async end() {
      ending.abort();
      const inTime = await current.end();
      await kept;
      return inTime;
    },
  };
}

async function firstReady(role: Role, life: RoleProcess, timeoutMs: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`was not ready within ${timeoutMs / 1_000} s`)), timeoutMs);
  try {
    if (await Promise.race([life.ready, late.promise])) return;
    throw new Error(exitText(await life.exited));
  } catch (error) {
    await life.end();
    throw new Error(`${role.name} ${describe(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
