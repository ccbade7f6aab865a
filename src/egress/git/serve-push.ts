import type { ResolvedPushRules } from '../../session/push-rules.ts';
import { describe } from '../../errors.ts';
import { askHost, pass, usableAnswer } from './ask-host.ts';
import { findForced, type HostHistory } from './find-forced.ts';
import { judgeCommand, NO_FORCE, refuseAll } from './judge-push.ts';
import { newerHistoryRequest, packOf, readAdvertisedRefs } from './newer-history.ts';
import { readPushRequest, UnreadablePush, type PushCommand, type PushRequest } from './push-request.ts';
import { PacketReader } from './pkt-line.ts';
import { PackTooLarge, type ScratchRepo } from './scratch.ts';
import type { GitCall, SessionGitDeps } from './git-call.ts';
import { bodyOf } from './request-body.ts';
import { refusePush, refuseRequest } from './words.ts';

/** A push with its pack, which can be read once. */
type Push = PushRequest & { body: AsyncIterable<Uint8Array> };

const PACK = 'pushed';
const MAX_TOLD = 20;
const MAX_SHOWN = 255;

/** POST git-receive-pack: each of its commands is held against the rules before a byte of it goes on. */
export async function servePush(deps: SessionGitDeps, call: GitCall): Promise<void> {
  const rules = call.repo.push;
  const packets = new PacketReader(bodyOf(call.req, call.meters.sent));
  try {
    const push = { ...(await readPushRequest(packets)), body: packets.rest() };
    const reasons = reasonsAgainst(push, rules);
    if (reasons.size > 0) return refuse(deps, call, push, reasons);
    const toProve = push.commands.filter((command) => mustDescend(command, rules));
    if (toProve.length === 0) return await passOn(deps, call, push, push.body);
    await deps.inTurn(() => serveProven(deps, call, push, toProve));
  } catch (error) {
    if (!(error instanceof UnreadablePush)) throw error;
    call.decided(`git push to ${call.repo.id}`, error.message);
    drain(deps, packets.rest());
    refuseRequest(call.res, call.service, error.message);
  }
}

function reasonsAgainst({ commands, capabilities }: PushRequest, rules: ResolvedPushRules | null): Map<string, string> {
  if (rules !== null && capabilities.has('push-options'))
    throw new UnreadablePush('push options are not passed on where there are rules for pushes');
  const reasons = new Map<string, string>();
  for (const command of commands) {
    const { refused } = judgeCommand(command, rules);
    if (refused !== null) reasons.set(command.ref, refused);
  }
  return reasons;
}

function mustDescend(command: PushCommand, rules: ResolvedPushRules | null): boolean {
  const verdict = judgeCommand(command, rules);
  return verdict.refused === null && verdict.ask;
}

/** A push that is allowed only as far as it forces nothing: it is kept until that is known. */
async function serveProven(deps: SessionGitDeps, call: GitCall, push: Push, toProve: PushCommand[]): Promise<void> {
  const idLength = push.commands[0]?.oldId.length ?? 0;
  await using scratch = await deps.scratch.open(idLength, call.signal);
  let forced: string[];
  try {
    const bytes = await scratch.keep(PACK, push.body);
    if (bytes > 0) await scratch.index(PACK);
    forced = await findForced(scratch, toProve, hostHistory(deps, call));
  } catch (error) {
    if (call.signal.aborted) throw error;
    deps.log.warn({ err: error }, 'a push could not be looked into');
    const why = error instanceof PackTooLarge ? error.message : 'the gateway could not look into it';
    const reason = `whether this is a forced push cannot be told (${why}), and those are not allowed in this session`;
    return refuse(deps, call, push, new Map(toProve.map(({ ref }) => [ref, reason])));
  }
  if (forced.length > 0) return refuse(deps, call, push, new Map(forced.map((ref) => [ref, NO_FORCE])));
  await passOn(deps, call, push, scratch.read(PACK));
}

/** What the repo host has beyond a commit, into a pack of the scratch repo. */
function hostHistory(deps: SessionGitDeps, call: GitCall): HostHistory {
  const { credential } = call;
  return async (scratch: ScratchRepo, name: string, beyondId: string) => {
    const suffix = '/info/refs?service=git-upload-pack';
    const refs = await readAdvertisedRefs(requireOk(await askHost(deps, call, { method: 'GET', suffix, credential })));
    if (refs.ids.length === 0) return;
    const body = newerHistoryRequest(refs, beyondId);
    const headers = {
      'content-type': 'application/x-git-upload-pack-request',
      'content-length': String(body.length),
    };
    const answer = requireOk(
      await askHost(deps, call, { method: 'POST', suffix: '/git-upload-pack', credential, headers, body: once(body) }),
    );
    await scratch.keep(name, packOf(answer));
    await scratch.index(name);
  };
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function requireOk<T extends { statusCode?: number | undefined; destroy(): unknown }>(answer: T): T {
  if (answer.statusCode === 200) return answer;
  answer.destroy();
  throw new Error(`the repo host answers ${answer.statusCode} to a fetch`);
}

async function passOn(deps: SessionGitDeps, call: GitCall, push: Push, body: AsyncIterable<Uint8Array>): Promise<void> {
  tell(
    call,
    push.commands.map(({ ref }) => [ref, null]),
  );
  const { service, credential, req } = call;
  const answer = await askHost(deps, call, {
    method: 'POST',
    suffix: `/${service}`,
    credential,
    headers: { 'content-type': `application/x-${service}-request`, 'transfer-encoding': 'chunked' },
    body: joined(push.head, body),
  });
  const usable = usableAnswer(deps, call, answer);
  req.resume();
  if (usable === null) return;
  await pass(call, usable);
}

async function* joined(head: Buffer, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* body;
}

/** The client sends all of its pack before it reads, so that is read and thrown away. */
function refuse(deps: SessionGitDeps, call: GitCall, push: Push, reasons: ReadonlyMap<string, string>): void {
  tell(call, [...reasons]);
  drain(deps, push.body);
  refusePush(call.res, push.capabilities, refuseAll(push.commands, reasons));
}

/** Names of refs are the sandbox's: as many and as long as it likes. */
function tell({ decided }: GitCall, refs: [ref: string, refused: string | null][]): void {
  for (const [ref, refused] of refs.slice(0, MAX_TOLD)) decided(`git push ${ref.slice(0, MAX_SHOWN)}`, refused);
  const others = refs.length - MAX_TOLD;
  if (others > 0) decided(`git push of ${others} more refs`, refs.at(-1)?.[1] ?? null);
}

function drain({ log }: SessionGitDeps, bytes: AsyncIterable<Uint8Array>): void {
  const read = async (): Promise<void> => {
    for await (const _ of bytes);
  };
  read().catch((error: unknown) => log.debug({ reason: describe(error) }, 'a refused push broke off'));
}
