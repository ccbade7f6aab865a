import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SEEDS } from './seeds.ts';
import type { RunScript } from './toolbox.ts';

/** Inputs that once broke a target: `found/TARGET/…`. */
const FOUND = fileURLToPath(new URL('found/', import.meta.url));
const LAST_LINES = 40;

/** One line of the report; `broken` says why and with which input. */
export interface Finding {
  name: string;
  runs: number;
  runsPerSecond: number;
  /** What was gone through, as the tool counts it. */
  coverage: string;
  broken: string | null;
}

export const NATIVE_TARGETS = Object.keys(SEEDS);

/** Runs one of libFuzzer's targets with the address and undefined-behaviour sanitizers. `out` gets a breaking input. */
export async function runNative(name: string, seconds: number, out: string, runScript: RunScript): Promise<Finding> {
  await seed(name, out);
  const { exitCode, output } = await runScript('run.sh', [name, String(seconds)]);
  const last = output.trim().split('\n').slice(-LAST_LINES).join('\n');
  const inputs = (await readdir(out)).filter(
    (file) => /-(crash|leak|oom|timeout)-/.test(file) && file.startsWith(name),
  );
  const where = inputs.map((file) => `the input is ${join(out, file)}`).join('\n');
  return {
    name,
    runs: Number(/stat::number_of_executed_units:\s*(\d+)/.exec(output)?.[1] ?? 0),
    runsPerSecond: Number(/stat::average_exec_per_sec:\s*(\d+)/.exec(output)?.[1] ?? 0),
    coverage: coverageOf(output),
    broken: exitCode === 0 ? null : `${last}\n${where}`,
  };
}

/** llvm-cov's last line: TOTAL, then regions, functions and lines, each as a number, how many were missed, and a share. */
function coverageOf(output: string): string {
  const total = /^TOTAL\s.*$/m.exec(output)?.[0].split(/\s+/) ?? [];
  const edges = / cov: (\d+) (?!.* cov: )/s.exec(output)?.[1];
  return `${total[9] ?? '?'} of lines, ${edges ?? '?'} edges`;
}

async function seed(name: string, out: string): Promise<void> {
  const corpus = join(out, `corpus-${name}`);
  const found = join(out, `found-${name}`);
  await mkdir(corpus);
  await mkdir(found);
  await Promise.all((SEEDS[name] ?? []).map((bytes, i) => writeFile(join(corpus, `seed-${i}`), bytes)));
  await cp(join(FOUND, name), found, { recursive: true }).catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
  });
}
