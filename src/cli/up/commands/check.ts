import { CommandFailure } from '../failure.ts';
import type { CommandContext } from './context.ts';
import { runTool } from './run-tool.ts';

const TOOLS = [
  ['tsc', '-p', '.'],
  ['tsc', '-p', 'src/dashboard/app'],
  ['oxlint', '--type-aware', '--deny-warnings'],
  ['oxfmt', '--check', '.'],
  ['knip'],
] as const;

/** Types, lint, format, unused code: every tool runs, then it fails when one did. Needs the packages alone. */
export async function check({ env, root, progress }: CommandContext): Promise<number> {
  const failed: string[] = [];
  for (const [tool, ...args] of TOOLS) {
    await progress.step(tool, async () => {
      if ((await runTool(`${root}/node_modules/.bin/${tool}`, args, { env, cwd: root })) !== 0) failed.push(tool);
    });
  }
  if (failed.length > 0) throw new CommandFailure(`These found something: ${failed.join(', ')}`);
  return 0;
}
