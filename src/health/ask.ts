import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { readBounded } from '../json/read-bounded.ts';

/** Where a role answers: as `node:http` takes it. */
export type Address = { socketPath: string } | { host: string; port: number };

const MOST_SAID = 200;
/** Health is said in a line. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Resolves when `GET path` is answered with 200 within the time; throws with what came instead, and its first words. */
export async function askHealth(address: Address, path: string, timeoutMs: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const sent = request({ ...address, path, agent: false, signal });
  sent.end();
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const said = (await readBounded(response, MAX_ANSWER_BYTES, 'its answer')).toString();
    if (response.statusCode === 200) return;
    throw new Error(`it answered ${response.statusCode}: ${said.slice(0, MOST_SAID)}`);
  } catch (error) {
    throw signal.aborted ? new Error(`no answer within ${timeoutMs / 1_000} s`, { cause: error }) : error;
  }
}
