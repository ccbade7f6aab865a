import type { Environment } from '../../settings.ts';
import { wrongUsage } from '../up/failure.ts';
import { repoIn } from './repo-option.ts';
import { megabytesIn, numberIn, secondsIn } from './spans.ts';
import { envIn, metadataIn, secretsIn } from './variables.ts';

/** The options of `daypass run` that say what is to be run, as they were given. */
export interface RequestOptions {
  repo: string[];
  image?: string;
  env: string[];
  secret: string[];
  unmasked: string[];
  timeout?: string;
  maxTimeout?: string;
  memory?: string;
  cpus?: string;
  pids?: string;
  disk?: string;
  allow: string[];
  delivery?: string;
  priority?: string;
  metadata: string[];
}

/** The body of POST /v1/sessions. What was left out is left to the API. Throws what is wrong with an option's form. */
export async function requestFrom(
  options: RequestOptions,
  command: string[],
  env: Environment,
): Promise<Record<string, unknown>> {
  if (options.repo.length === 0) throw wrongUsage('Name a repo: --repo ID[@REF][:PATH]');
  const { image, timeout, maxTimeout, delivery, priority } = options;
  return {
    repos: options.repo.map(repoIn),
    ...(command.length > 0 && { command }),
    ...(image !== undefined && { image }),
    env: envIn(options.env, env),
    secrets: await secretsIn(options.secret, env),
    ...(options.unmasked.length > 0 && { unmaskedSecrets: options.unmasked }),
    ...(timeout !== undefined && { timeoutSeconds: secondsIn(timeout, '--timeout') }),
    ...(maxTimeout !== undefined && { maxTimeoutSeconds: secondsIn(maxTimeout, '--max-timeout') }),
    resources: resourcesIn(options),
    network: { allow: options.allow.flatMap((hosts) => hosts.split(',')) },
    ...(delivery !== undefined && { credentials: { delivery } }),
    ...(priority !== undefined && { priority: numberIn(priority, '--priority') }),
    metadata: metadataIn(options.metadata),
  };
}

function resourcesIn({ memory, cpus, pids, disk }: RequestOptions): Record<string, number> {
  return {
    ...(memory !== undefined && { memoryMb: megabytesIn(memory, '--memory') }),
    ...(cpus !== undefined && { cpus: numberIn(cpus, '--cpus') }),
    ...(pids !== undefined && { pids: numberIn(pids, '--pids') }),
    ...(disk !== undefined && { diskMb: megabytesIn(disk, '--disk') }),
  };
}
