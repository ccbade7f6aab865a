import { readdir, readFile } from 'node:fs/promises';
import { askHealth, type Address } from '../../../src/health/ask.ts';
import type { Role, Stack } from '../../support/stack.ts';

/** What one role's process holds. */
export interface RoleState {
  pid: number;
  openFiles: number;
  rssMb: number;
  children: number;
}

const HEALTH_TIMEOUT_MS = 4_000;

/** Pools and keep-alive connections may be a few more than before; memory goes up before it is collected. */
const MORE_FILES = 24;
const MORE_MB = 128;
/** From here on a line of a role is an error: pino's number. */
const PINO_ERROR = 50;
const MAX_LINES = 5;
const MAX_LINE_CHARS = 500;

export async function readRole(stack: Stack, role: Role): Promise<RoleState> {
  const { pid } = stack.process(role);
  const [files, status, children] = await Promise.all([
    readdir(`/proc/${pid}/fd`).catch(() => []),
    readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''),
    readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => ''),
  ]);
  return {
    pid,
    openFiles: files.length,
    rssMb: Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024),
    children: children.split(' ').filter((text) => text !== '').length,
  };
}

/** What the role holds that it did not hold before, as sentences. */
export function moreThan(role: Role, before: RoleState, now: RoleState): string[] {
  const sentences: [isWrong: boolean, sentence: string][] = [
    [now.openFiles === 0, 'has ended'],
    [now.openFiles > before.openFiles + MORE_FILES, `holds ${now.openFiles} open files, before ${before.openFiles}`],
    [now.children > before.children, `has ${now.children} child processes, before ${before.children}`],
    [now.rssMb > before.rssMb + MORE_MB, `holds ${now.rssMb} MB, before ${before.rssMb}`],
  ];
  return sentences.filter(([isWrong]) => isWrong).map(([, sentence]) => `${role} ${sentence}`);
}

/** Lines that tell of something unforeseen: errors, and what is no line of the log, as Node prints it before it ends. */
export function complaintsOf(stack: Stack, role: Role): string[] {
  const lines = stack
    .process(role)
    .lines()
    .filter((line) => line !== '' && levelOf(line) >= PINO_ERROR);
  const more = lines.length > MAX_LINES ? [`${role} said ${lines.length - MAX_LINES} more lines of this kind`] : [];
  return [...lines.slice(0, MAX_LINES).map((line) => `${role} said: ${line.slice(0, MAX_LINE_CHARS)}`), ...more];
}

/** Why a role does not answer for its health; null when it does. */
export async function unhealthy(address: Address, path: string): Promise<string | null> {
  return askHealth(address, path, HEALTH_TIMEOUT_MS).then(
    () => null,
    (error: unknown) => String(error),
  );
}

function levelOf(line: string): number {
  try {
    const { level } = JSON.parse(line) as { level?: unknown };
    return typeof level === 'number' ? level : Infinity;
  } catch {
    return Infinity;
  }
}
