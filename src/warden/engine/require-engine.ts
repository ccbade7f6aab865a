import { z } from 'zod';
import type { Logger } from '../../ops/log.ts';
import type { EngineApi } from '../../runtime/docker/engine-api.ts';
import { judgeVersions, versionAnswer } from '../../runtime/docker/engine-versions.ts';

const TIMEOUT_MS = 20_000;
const info = z.object({
  ID: z.string(),
  Runtimes: z.record(z.string(), z.unknown()),
  SecurityOptions: z.array(z.string()),
});

/**
 * Sees whether sandboxes can be made on this engine, and gives its id. Throws with what to do when its versions are refused,
 * it has no seccomp, or does not know the runtime that sandboxes are to have. What it only warns of is logged.
 */
export async function requireEngine(engine: EngineApi, runtime: string | null, log: Logger): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { refused, warnings } = judgeVersions(
    await engine.call({ method: 'GET', path: '/version', signal, answer: versionAnswer }),
  );
  if (refused.length > 0) throw new Error(`This Docker engine is refused: ${refused.join('; ')}. Update it.`);
  for (const warning of warnings) log.warn({ reason: warning }, 'the engine should be updated');
  const { ID, Runtimes, SecurityOptions } = await engine.call({ method: 'GET', path: '/info', signal, answer: info });
  if (!SecurityOptions.some((option) => option.startsWith('name=seccomp'))) {
    throw new Error('This Docker engine has no seccomp, without which a sandbox is none. Use a kernel that has it.');
  }
  if (runtime !== null && !Object.hasOwn(Runtimes, runtime)) {
    const known = Object.keys(Runtimes).join(', ');
    throw new Error(
      `DAYPASS_SANDBOX_RUNTIME is ${runtime}, which this Docker engine does not know; it knows ${known}. Name one of them, or add it to the engine's daemon.json.`,
    );
  }
  return ID;
}
