import { readFileSync } from 'node:fs';

/** A process that cannot be taken for a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot (proc(5), stat field 22); null where there is no /proc. */
  startTicks: string | null;
}

/** null: there is no such process, or it has ended and nobody has collected its exit code. */
export function identify(pid: number): ProcessIdentity | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null;
  }
  const fields = statFields(pid);
  if (fields?.[0] === 'Z') return null;
  return { pid, startTicks: fields?.[19] ?? null };
}

export function isStillRunning(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== null && now.startTicks === identity.startTicks;
}

/** The program's name, at most 15 characters; null: not running, or not known here. */
export function programName(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return null;
  }
}

/** The fields from the third one (state) on; the name before them may hold spaces and brackets. */
function statFields(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
