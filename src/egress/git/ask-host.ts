import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { Credential } from './credentials.ts';
import { paced } from '../paced.ts';
import type { GitCall, SessionGitDeps } from './git-call.ts';
import { readBy } from './patience.ts';
import { refuseHttp, refuseRequest, refuseService, type Service } from './words.ts';

/** One request that goes on to the repo host. */
export interface HostRequest {
  method: 'GET' | 'POST';
  /** Behind the repo's own path. */
  suffix: string;
  credential: Credential;
  headers?: Record<string, string>;
  body?: AsyncIterable<Uint8Array>;
}

const AGENT = 'git/daypass-gateway';

/** Passes a request on, with the credential and with headers of our own; nothing that the client has set but what is given. */
export function askHost(
  { upstream }: SessionGitDeps,
  { cloneUrl, signal }: Pick<GitCall, 'cloneUrl' | 'signal'>,
  { method, suffix, credential, headers, body }: HostRequest,
): Promise<IncomingMessage> {
  return upstream({
    method,
    url: new URL(`${cloneUrl}${suffix}`),
    headers: { 'user-agent': AGENT, accept: '*/*', ...headers },
    credential: credential.value,
    ...(body && { body }),
    signal,
  });
}

/**
 * An answer with which the client can do something, or null: the client was told what is wrong. A redirect is not
 * followed, as the credential is for this host alone; what a host says of an error stays here, as it may quote the request.
 */
export function usableAnswer(
  { log }: Pick<SessionGitDeps, 'log'>,
  { res, service, part }: Pick<GitCall, 'res' | 'service' | 'part'>,
  answer: IncomingMessage,
): IncomingMessage | null {
  const status = answer.statusCode ?? 0;
  const type = contentTypeOf(service, part);
  if (status === 200 && answer.headers['content-type']?.split(';')[0] === type) return answer;
  answer.resume();
  answer.destroy();
  log.warn({ status, type: answer.headers['content-type'] }, 'the repo host did not answer a request of git');
  if (status === 401 || status === 403) {
    const reason = `the repo host refuses the credential of this session for this (${status})`;
    (part === 'refs' ? refuseService : refuseRequest)(res, service, reason);
  } else if (status === 404) refuseHttp(res, 404, 'the repo host has no such repo');
  else if (status >= 300 && status < 400) refuseHttp(res, 502, 'the repo host redirects, which is not followed');
  else refuseHttp(res, status === 429 || status === 503 ? status : 502, `the repo host answers ${status}`);
  return null;
}

/** Passes the body of a usable answer on to the client, at the client's pace, which has to be one, and the meter's. */
export async function pass(
  {
    res,
    service,
    part,
    meters,
    signal,
    patience,
  }: Pick<GitCall, 'res' | 'service' | 'part' | 'meters' | 'signal' | 'patience'>,
  body: Readable | AsyncIterable<Uint8Array>,
): Promise<void> {
  res.writeHead(200, { 'content-type': contentTypeOf(service, part), 'cache-control': 'no-cache, no-store' });
  await pipeline(readBy(paced(body, meters.received), patience), res, { signal });
}

function contentTypeOf(service: Service, part: GitCall['part']): string {
  return `application/x-${service}-${part === 'refs' ? 'advertisement' : 'result'}`;
}
