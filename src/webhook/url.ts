import { isIP } from 'node:net';

/** Where an operator lets webhooks go. */
export interface WebhookRules {
  /** Ports of receivers on the public internet. */
  ports: number[];
  /** `HOST:PORT`, lower case: receivers of the operator's own, at whatever address, by http too. */
  privateHosts: string[];
}

const MAX_URL_CHARACTERS = 2_048;

/**
 * Why nothing can be sent to this URL, for the one who wrote it; null when it can. Only what it says is judged: what its
 * name leads to is judged at every try.
 */
export function webhookUrlProblem(text: string, rules: WebhookRules): string | null {
  if (text.length > MAX_URL_CHARACTERS) return `must have at most ${MAX_URL_CHARACTERS} characters`;
  // What a URL parser quietly drops or repairs is more likely to fool somebody than to be meant.
  if (!/^https?:\/\/[^\s\\\p{Cc}]+$/iu.test(text)) return 'must be an https URL, such as https://example.com/hook';
  const url = URL.parse(text);
  if (url === null) return 'must be an https URL, such as https://example.com/hook';
  if (url.username !== '' || url.password !== '')
    return 'must not hold a user or a password; the signature proves who sends';
  if (isPrivateReceiver(url, rules)) return null;
  if (url.protocol !== 'https:') return 'must begin with https://';
  const host = url.hostname;
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0 || !host.includes('.')) return 'must name a public host, not an address';
  if (!rules.ports.includes(portOf(url))) return `must have one of the ports ${rules.ports.join(', ')}`;
  return null;
}

/** Whether the operator has named this very host and port as a receiver of the house. */
export function isPrivateReceiver(url: URL, { privateHosts }: Pick<WebhookRules, 'privateHosts'>): boolean {
  return privateHosts.includes(`${url.hostname}:${portOf(url)}`);
}

export function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** Scheme, host and port. Path and query may be what opens the receiver. */
export function shownUrl(text: string): string {
  const { origin, pathname, search } = new URL(text);
  return pathname === '/' && search === '' ? origin : `${origin}/…`;
}

/** Why this is no secret of Standard Webhooks; null when it is one. */
export function webhookSecretProblem(text: string): string | null {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1] ?? '';
  const bytes = Buffer.from(base64, 'base64');
  const isWhole = bytes.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
  if (isWhole && bytes.length >= 24 && bytes.length <= 64) return null;
  return 'must be whsec_ and 24 to 64 random bytes in base64, as from: echo whsec_$(openssl rand -base64 32)';
}
