import { join } from 'node:path';
import type { CommandContext } from './context.ts';
import { runTool } from './run-tool.ts';
import { setUpFor } from './set-up-for.ts';

/** Sets up and measures, with the arguments passed on. */
export async function bench(context: CommandContext): Promise<number> {
  await setUpFor('start', context);
  const program = join(context.root, 'test/bench/main.ts');
  return runTool(process.execPath, [program, ...context.args], { env: context.env, cwd: context.root });
}
