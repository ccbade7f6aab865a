import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Environment } from '../../../settings.ts';

const DEFAULT = 'default';
const cliConfig = z.object({ currentContext: z.string().optional() });

/**
 * Why another engine than Daypass' would answer the docker command: a context is selected, which is the command's own list of
 * engines, and DOCKER_HOST, which goes before it, is not set. As a sentence that says what to do; null: both use the same.
 */
export async function contextProblem(env: Environment): Promise<string | null> {
  if (env['DOCKER_HOST']) return null;
  const file = join(env['DOCKER_CONFIG'] || join(env['HOME'] || '/', '.docker'), 'config.json');
  const [name, where] = env['DOCKER_CONTEXT']
    ? [env['DOCKER_CONTEXT'], 'DOCKER_CONTEXT']
    : [await currentIn(file), file];
  if (name === DEFAULT) return null;
  return (
    `The docker context ${JSON.stringify(name)} is selected by ${where}, and Daypass reads no contexts. Set DOCKER_HOST to the ` +
    `engine of this machine that it is to use (docker context inspect shows the address of one; the usual one is ` +
    'unix:///var/run/docker.sock), or run: docker context use default'
  );
}

async function currentIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const read = cliConfig.safeParse(parse(text));
  return (read.success && read.data.currentContext) || DEFAULT;
}

/** A file that is no JSON selects nothing; the docker command itself complains of it. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
