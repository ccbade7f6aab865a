import { Relace } from '@relace-ai/relace';
import type { Stack } from '../../support/stack.ts';
import type { Guest } from '../guest/guest.ts';
import { CHECKOUT } from '../guest/make-disk.ts';
import { inGuest } from './in-guest.ts';

const API_PORT = 7070;
const GIT_PORT = 7080;

/** Sessions take their time in a guest that is emulated. */
export const PATIENCE = { timeoutMs: 5 * 60_000 };

export type Served = Pick<Stack, 'call' | 'relace'> & AsyncDisposable;

/** The API and the git host of the guest, with these keys. */
export async function reach(guest: Guest, keys: { apiKey: string; gitHostKey: string }): Promise<Served> {
  const tunnel = await guest.forward([API_PORT, GIT_PORT]);
  const [apiPort, gitPort] = tunnel.localPorts;
  return {
    call: (method, path, body, headers = {}) =>
      fetch(`http://127.0.0.1:${apiPort}${path}`, {
        method,
        headers: { authorization: `Bearer ${keys.apiKey}`, 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    relace: (key = keys.gitHostKey) =>
      new Relace({ apiKey: key, baseURL: `http://127.0.0.1:${gitPort}/v1`, maxRetries: 0, timeout: 120_000 }),
    [Symbol.asyncDispose]: () => tunnel[Symbol.asyncDispose](),
  };
}

/** Starts Daypass in the guest as a service of systemd that calls `npm start`, and gives its API once the sample has ended. */
export async function startDaypass(guest: Guest): Promise<Served> {
  const unit = `--unit=daypass --collect --property=WorkingDirectory=${CHECKOUT} --property=KillMode=mixed`;
  await inGuest(
    guest,
    `rm --force data/start.json && systemd-run --quiet ${unit} --property=TimeoutStopSec=120 npm start`,
  );
  const isUp = 'while systemctl is-active --quiet daypass; do test -e data/start.json && exit 0; sleep 1; done; false';
  await inGuest(guest, isUp).catch(async (error: unknown) => {
    throw new Error(await inGuest(guest, 'journalctl --unit=daypass --lines=40 --no-pager'), { cause: error });
  });
  const file = JSON.parse(await inGuest(guest, 'cat data/start.json')) as { apiKey: string; gitHostApiKey: string };
  const served = await reach(guest, { apiKey: file.apiKey, gitHostKey: file.gitHostApiKey });
  return {
    ...served,
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await guest.run('systemctl stop daypass', PATIENCE.timeoutMs);
    },
  };
}
