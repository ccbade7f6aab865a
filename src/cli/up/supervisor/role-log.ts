import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const MAX_FILE_BYTES = 10 * 1024 * 1024;
const LINES_KEPT = 20;

/** The output of one role: in a file, and the end of it at hand. */
export interface RoleLog {
  file: string;
  write(line: string): void;
  /** The latest lines, oldest first. */
  tail(): string[];
}

/** Appends to `DIR/ROLE.log`. At 10 MiB that becomes `ROLE.log.1`, in place of the one before. */
export function openRoleLog(dir: string, role: string): RoleLog {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, `${role}.log`);
  const latest: string[] = [];
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return {
    file,
    tail: () => [...latest],
    write(line) {
      latest.push(line);
      if (latest.length > LINES_KEPT) latest.shift();
      const text = `${line}\n`;
      try {
        if (bytes + text.length > MAX_FILE_BYTES) {
          renameSync(file, `${file}.1`);
          bytes = 0;
        }
        appendFileSync(file, text, { mode: 0o600 });
        bytes += Buffer.byteLength(text);
      } catch {
        // A full disk must not end the roles: the latest lines are at hand all the same.
      }
    },
  };
}
