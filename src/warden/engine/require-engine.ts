import type { Logger } from '../../ops/log.ts';
import type { EngineApi } from '../../runtime/docker/engine-api.ts';
import { infoAnswer, kindProblems, type InfoAnswer } from '../../runtime/docker/engine-kind.ts';
import { judgeVersions, versionAnswer } from '../../runtime/docker/engine-versions.ts';

const TIMEOUT_MS = 20_000;

/**
 * Sees whether sandboxes can be made on this engine, and gives what it says of itself. Throws with what to do when its kind or its versions are
 * refused, or it does not know the runtime that sandboxes are to have. What it only warns of is logged.
 */
export async function requireEngine(engine: EngineApi, runtime: string | null, log: Logger): Promise<InfoAnswer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const version = await engine.call({ method: 'GET', path: '/version', signal, answer: versionAnswer });
  const { refused, warnings } = judgeVersions(version);
  if (refused.length > 0) throw new Error(`This Docker engine is refused: ${refused.join('; ')}. Update it.`);
  for (const warning of warnings) log.warn({ reason: warning }, 'the engine should be updated');
  const info = await engine.call({ method: 'GET', path: '/info', signal, answer: infoAnswer });
  const problems = kindProblems(version, info);
  if (problems.length > 0) throw new Error(`This Docker engine is refused. ${problems.join(' ')}`);
  const runtimes = info.Runtimes ?? {};
  if (runtime !== null && !Object.hasOwn(runtimes, runtime)) {
    const known = Object.keys(runtimes).join(', ');
    throw new Error(
      `DAYPASS_SANDBOX_RUNTIME is ${runtime}, which this Docker engine does not know; it knows ${known}. Name one of them, or add it to the engine's daemon.json.`,
    );
  }
  return info;
}
