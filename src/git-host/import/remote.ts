import { isIP } from 'node:net';
import { Secret } from '../../token/secret.ts';
import { HostError } from '../http/host-error.ts';

/** Another git host, from which is fetched. */
export interface Remote {
  /** Without credentials. */
  url: URL;
  port: number;
  /** An Authorization header's value, where the URL held credentials. */
  authorization: Secret | null;
  /** The operator has named this very host and port: it may be at whatever address. */
  isPrivate: boolean;
}

const MAX_URL_CHARACTERS = 2_048;
const PUBLIC_PORTS = [80, 443];

/**
 * Reads the URL of an import. `privateHosts` are `HOST:PORT` in lower case. Throws `bad_value` in words that hold nothing of the
 * URL, which may hold a token.
 */
export function parseRemote(text: string, privateHosts: readonly string[]): Remote {
  // What a URL parser quietly drops or repairs is more likely to fool somebody than to be meant.
  if (text.length > MAX_URL_CHARACTERS || !/^https?:\/\/[^\s\\\p{Cc}]+$/iu.test(text)) throw bad(FORM);
  const url = URL.parse(text);
  if (url === null || url.hostname === '') throw bad(FORM);
  if (url.search !== '' || url.hash !== '') throw bad('must have no query and no fragment');
  const authorization = authorizationOf(url);
  Object.assign(url, { username: '', password: '' });
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const isPrivate = privateHosts.includes(`${url.hostname}:${port}`);
  if (!isPrivate) requirePublic(url, port);
  return { url, port, authorization, isPrivate };
}

const FORM = 'must be an http or https URL, such as https://example.com/project.git';

function requirePublic({ hostname }: URL, port: number): void {
  const isAddress = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  if (isAddress || !hostname.includes('.') || hostname.endsWith('.'))
    throw bad('must name a host of the public internet, not an address; the operator can allow others');
  if (!PUBLIC_PORTS.includes(port)) throw bad(`must have one of the ports ${PUBLIC_PORTS.join(', ')}`);
}

/** Sent as a header of its own, because git gives the URL to its children as an argument, which all users of a machine see. */
function authorizationOf({ username, password }: URL): Secret | null {
  if (username === '' && password === '') return null;
  const pair = [username, password].map(decoded).join(':');
  return new Secret(`Basic ${Buffer.from(pair).toString('base64')}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad('must have a user and password that are percent-encoded UTF-8');
  }
}

function bad(why: string): HostError {
  return new HostError('bad_value', `source.url: ${why}`);
}
