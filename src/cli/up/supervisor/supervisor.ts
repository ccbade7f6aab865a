import { dirname } from 'node:path';
import { describe } from '../../../errors.ts';
import { CommandFailure } from '../failure.ts';
import type { Progress } from '../progress.ts';
import { adviceOn } from './damaged-store.ts';
import { errorIn } from './error-line.ts';
import { keepRole, type KeptRole } from './keep-role.ts';
import type { Role } from './role.ts';
import { openRoleLog, type RoleLog } from './role-log.ts';
import { killGroup } from './role-process.ts';

/** On a slow host, such as one that is emulated, a program of Node takes 15 s to begin. */
const READY_TIMEOUT_MS = 120_000;
/** The same error of the same role is shown once in so long; its log has every one. */
const SAME_ERROR_MS = 10_000;

export interface SupervisorDeps {
  progress: Progress;
  logsDir: string;
  /** A role's process has begun; the one before, if any, is over. */
  onStart: (role: string, pid: number) => void;
  /** Aborted: no further role is started. */
  signal: AbortSignal;
}

/** The roles that run. */
export interface Supervisor {
  /** Ends a role's process without asking it; it is started again. For one that is stuck. */
  kill(role: string): void;
  /** The end of a role's log, for an error's message. */
  tailOf(role: string): string[];
  /** Ends the roles one after another in the order given, each at most in its own time. Resolves with those that had to be killed. */
  end(order: readonly string[]): Promise<string[]>;
}

/**
 * Starts the roles one after another, each when the one before is ready, and keeps them running. When one does not come up
 * those before it are ended and it throws, with the end of that role's log.
 */
export async function startRoles(roles: readonly Role[], deps: SupervisorDeps): Promise<Supervisor> {
  const { progress, signal } = deps;
  const kept = new Map<string, KeptRole>();
  const logs = new Map(roles.map(({ name }) => [name, openRoleLog(deps.logsDir, name)]));

  const end = async (order: readonly string[]): Promise<string[]> => {
    const killed: string[] = [];
    for (const name of order) if ((await kept.get(name)?.end()) === false) killed.push(name);
    return killed;
  };

  for (const role of roles) {
    const log = logs.get(role.name);
    if (log === undefined) continue;
    try {
      signal.throwIfAborted();
      await progress.step(role.name, async () => {
        const onLine = lineTaker(role.name, log, progress);
        const onStart = (pid: number): void => deps.onStart(role.name, pid);
        const note = (text: string): void => progress.line(`! ${role.name} ${text}`);
        kept.set(role.name, await keepRole(role, READY_TIMEOUT_MS, { onLine, onStart, note }));
      });
    } catch (error) {
      await end([...kept.keys()].toReversed());
      signal.throwIfAborted();
      const tail = log.tail().join('\n');
      const words = [
        `${describe(error)}. The end of ${log.file}:`,
        tail,
        ...adviceOn(tail, dirname(role.args[0] ?? '')),
      ];
      throw new CommandFailure(words.join('\n'), { cause: error });
    }
  }

  return {
    kill: (name) => killGroup(kept.get(name)?.pid(), 'SIGKILL'),
    tailOf: (name) => logs.get(name)?.tail() ?? [],
    end,
  };
}

function lineTaker(role: string, log: RoleLog, progress: Progress): (line: string) => void {
  const shownAt = new Map<string, number>();
  return (line) => {
    log.write(line);
    const error = errorIn(line);
    if (error === null || Date.now() - (shownAt.get(error) ?? 0) < SAME_ERROR_MS) return;
    shownAt.set(error, Date.now());
    progress.line(`! ${role}: ${error}`);
  };
}
