import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { retryAfterMs } from '../ops/retry-after.ts';
import type { TryResult } from './keep-webhook.ts';
import type { WebhookHeaders } from './signature.ts';
import { portOf } from './url.ts';

export interface WebhookPost {
  url: URL;
  /** The only addresses that may be dialled. */
  addresses: string[];
  headers: WebhookHeaders;
  body: string;
  /** Certificates to trust, PEM; undefined: those that Node brings. */
  ca?: string[] | undefined;
  timeoutMs: number;
}

/**
 * Sends one message. The connection goes to one of exactly these addresses and is this try's alone; a certificate is
 * checked for the name. Nothing of the answer but its status and its `Retry-After` is read, and no redirect is followed. Never rejects, and
 * what it says of a failure holds nothing of the URL or of the answer.
 */
export async function postWebhook({ url, addresses, headers, body, ca, timeoutMs }: WebhookPost): Promise<TryResult> {
  const { promise, resolve } = Promise.withResolvers<TryResult>();
  const isTls = url.protocol === 'https:';
  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: portOf(url),
    path: `${url.pathname}${url.search}`,
    method: 'POST',
    agent: false,
    lookup: lookupOf(addresses),
    headers: {
      ...headers,
      host: url.host,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'daypass-webhook/1',
      connection: 'close',
    },
    maxHeaderSize: 16_384,
  };
  const sent = isTls ? requestHttps({ ...options, ...(ca && { ca }) }) : requestHttp(options);
  const timer = setTimeout(() => end({ status: null, error: `no answer within ${timeoutMs / 1_000} s` }), timeoutMs);
  const end = (result: TryResult): void => {
    clearTimeout(timer);
    sent.destroy();
    resolve(result);
  };
  sent.on('response', ({ statusCode = 0, headers: answered }) => {
    const isTaken = statusCode >= 200 && statusCode < 300;
    if (isTaken) return end({ status: statusCode, error: null });
    const waitMs = retryAfterMs(answered['retry-after'], Date.now());
    const error = `the receiver answered ${statusCode}`;
    end({ status: statusCode, error, ...(waitMs !== null && { retryAfterMs: waitMs }) });
  });
  // Also after the end, when the connection is destroyed.
  sent.on('error', (error: NodeJS.ErrnoException) => end({ status: null, error: reasonOf(error) }));
  sent.end(body);
  return promise;
}

/** Answers with what was checked, whatever is asked. */
function lookupOf(addresses: string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, callback) => {
    if (options.all === true) return callback(null, all);
    const [first] = all;
    callback(null, first?.address ?? '', first?.family ?? 4);
  };
}

/** Codes alone: messages name addresses, and certificates say what their owners like. */
function reasonOf({ code = '' }: NodeJS.ErrnoException): string {
  if (/^(ERR_TLS|CERT_|DEPTH_|SELF_|UNABLE_TO|ERR_SSL|EPROTO|HOSTNAME_)/.test(code)) return `TLS failed (${code})`;
  if (code.startsWith('HPE_')) return 'the answer was not HTTP';
  return `no connection (${/^[A-Z_]{1,40}$/.test(code) ? code : 'unknown'})`;
}
