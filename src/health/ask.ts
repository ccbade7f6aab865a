import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

/** Where a role answers: as `node:http` takes it. */
export type Address = { socketPath: string } | { host: string; port: number };

/** Resolves when `GET path` is answered with 200 within the time; throws with what came instead. */
export async function askHealth(address: Address, path: string, timeoutMs: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const sent = request({ ...address, path, agent: false, signal });
  sent.end();
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.destroy();
    if (response.statusCode === 200) return;
    throw new Error(`it answered ${response.statusCode}`);
  } catch (error) {
    throw signal.aborted ? new Error(`no answer within ${timeoutMs / 1_000} s`, { cause: error }) : error;
  }
}
