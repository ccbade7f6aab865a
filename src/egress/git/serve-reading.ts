import type { IncomingMessage } from 'node:http';
import { restrictAdvertisement } from './advertisement.ts';
import { askHost, pass, usableAnswer } from './ask-host.ts';
import type { GitCall, SessionGitDeps } from './git-call.ts';
import { framingOf, keepBody } from './keep-body.ts';
import { bodyOf } from './request-body.ts';
import type { Kept } from './spool.ts';

/** A Git-Protocol header that may be passed on: short `key` or `key=value` pairs. */
const PROTOCOL = /^[a-z0-9]+(=[a-z0-9.]+)?(:[a-z0-9]+(=[a-z0-9.]+)?)*$/;
const MAX_PROTOCOL_CHARS = 200;

/** The beginning of a fetch or a push, and the rest of a fetch. */
export async function serveReading(deps: SessionGitDeps, call: GitCall): Promise<void> {
  if (call.part === 'refs') return passOn(deps, call, await askForRefs(deps, call));
  await using body = await keepBody(deps, call, bodyOf(call));
  await passOn(deps, call, await askForPack(deps, call, body));
}

async function passOn(deps: SessionGitDeps, call: GitCall, answer: IncomingMessage): Promise<void> {
  const usable = usableAnswer(deps, call, answer);
  if (usable === null) return;
  if (call.service === 'git-receive-pack') return pass(call, restrictAdvertisement(usable, call.repo.push));
  if (call.part === 'pack') call.decided(`git fetch of ${call.repo.id}`, null);
  await pass(call, usable);
}

/** A credential that is refused may have been replaced just now; another one is tried once. */
async function askForRefs(deps: SessionGitDeps, call: GitCall): Promise<IncomingMessage> {
  const suffix = `/info/refs?service=${call.service}`;
  // Pushes have no version 2, and version 1 only adds a line.
  const headers = call.service === 'git-upload-pack' ? protocolOf(call.req) : {};
  const answer = await askHost(deps, call, { method: 'GET', suffix, credential: call.credential, headers });
  if (answer.statusCode !== 401) return answer;
  const another = await deps.credentials.renew(call.credential).catch(() => null);
  if (another === null) return answer;
  answer.destroy();
  return askHost(deps, call, { method: 'GET', suffix, credential: another, headers });
}

function askForPack(deps: SessionGitDeps, call: GitCall, body: Kept): Promise<IncomingMessage> {
  const { req, service, credential } = call;
  const encoding = req.headers['content-encoding'];
  const headers = {
    ...protocolOf(req),
    'content-type': `application/x-${service}-request`,
    // As it came: nothing in a fetch is for the gateway to judge.
    ...(encoding === 'gzip' && { 'content-encoding': encoding }),
    ...framingOf(body),
  };
  return askHost(deps, call, { method: 'POST', suffix: `/${service}`, credential, headers, body: body.read() });
}

function protocolOf({ headers }: IncomingMessage): Record<string, string> {
  const value = headers['git-protocol'];
  return typeof value === 'string' && value.length <= MAX_PROTOCOL_CHARS && PROTOCOL.test(value)
    ? { 'git-protocol': value }
    : {};
}
