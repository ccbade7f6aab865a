import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandContext } from './context.ts';
import { runTool } from './run-tool.ts';
import { setUpFor } from './set-up-for.ts';
import { summaryOf } from './test-summary.ts';

/** Sets up, runs the suite with the arguments passed on, and prints the runner's own count as the last line. */
export async function test(context: CommandContext): Promise<number> {
  await setUpFor('test', context);
  const dir = await mkdtemp(join(tmpdir(), 'daypass-report-'));
  const report = join(dir, 'report.json');
  try {
    const code = await runTool(
      process.execPath,
      [
        join(context.root, 'node_modules/vitest/vitest.mjs'),
        'run',
        // By Node itself: else Vite writes a bundle of it beside the packages, which may be another user's.
        '--configLoader=native',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...context.args,
      ],
      { env: context.env, cwd: context.root },
    );
    const text = await readFile(report, 'utf8').catch(() => null);
    const { line, failed } = summaryOf(text === null ? null : JSON.parse(text), code);
    context.progress.line(line);
    return code === 0 && failed > 0 ? 1 : code;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
