import { isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../errors.ts';

/**
 * Refuses a request for a host that is not us: a page elsewhere whose name leads to our address would otherwise be taken
 * by browsers for our own (DNS rebinding). An address is nobody's name, and is taken; the port does not matter.
 * `names` are those of the settings. Throws `unknown_host`.
 */
export function requireOurHost({ host }: IncomingHttpHeaders, names: readonly string[]): void {
  const url = host === undefined ? null : URL.parse(`http://${host}`);
  // What a URL parser repairs would not be what a browser meant.
  const name = url !== null && /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(host ?? '') ? url.hostname : '';
  const bare = name.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0 || name === 'localhost' || names.includes(name)) return;
  throw new Refusal(
    'unknown_host',
    'This host name is not one of this API. Add it to the setting DAYPASS_API_HOSTS, or call it by its address.',
  );
}
