import { lastLines, runProgram, type ProgramRun } from '../../../src/cli/up/run-program.ts';

const TIMEOUT_MS = 15 * 60_000;

/** Runs a program to a good end; throws with its last lines otherwise. */
export async function run(program: string, args: string[], timeoutMs = TIMEOUT_MS): Promise<ProgramRun> {
  const ran = await runProgram(program, args, { env: process.env, timeoutMs });
  if (ran.code === 0) return ran;
  throw new Error(`${program} ended with ${ran.code ?? 'a signal'}:\n${lastLines(ran.output, 30)}`);
}
