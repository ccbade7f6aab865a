import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** The most resident memory that the process had since the last call of `forgetPeak`. */
export async function peakMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

/** The kernel forgets the most that the process ever had; proc(5), `clear_refs`. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
