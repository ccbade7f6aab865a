import { join } from 'node:path';
import type { CommandContext } from './context.ts';
import { runTool } from './run-tool.ts';
import { setUpFor } from './set-up-for.ts';

/** A command that sets up and runs one of the long programs of `test/`, with the arguments passed on. */
export function longRun(program: string): (context: CommandContext) => Promise<number> {
  return async (context) => {
    await setUpFor('start', context);
    const { root, env, args } = context;
    return runTool(process.execPath, [join(root, program), ...args], { env, cwd: root });
  };
}
