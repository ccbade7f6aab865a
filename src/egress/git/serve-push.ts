import type { ResolvedPushRules } from '../../session/push-rules.ts';
import { describe } from '../../errors.ts';
import { askHost, pass, usableAnswer } from './ask-host.ts';
import { findForced, type HostHistory } from './find-forced.ts';
import { judgeCommand, NO_FORCE, refuseAll } from './judge-push.ts';
import { newerHistoryRequest, packOf, readAdvertisedRefs } from './newer-history.ts';
import { readPushRequest, UnreadablePush, type PushCommand, type PushRequest } from './push-request.ts';
import { PacketReader } from './pkt-line.ts';
import { checkTimeMs, NoRoom, openScratch, type ScratchRepo } from './scratch.ts';
import type { GitCall, SessionGitDeps } from './git-call.ts';
import { framingOf, keepBody } from './keep-body.ts';
import { unpackedBodyOf } from './request-body.ts';
import type { Kept } from './spool.ts';
import { refusePush, refuseRequest } from './words.ts';

/** A push with its pack, which can be read once. */
type Push = PushRequest & { body: AsyncIterable<Uint8Array> };

const PACK = 'pushed';
const MAX_TOLD = 20;
const MAX_SHOWN = 255;

/** POST git-receive-pack: each of its commands is held against the rules before a byte of it goes on. */
export async function servePush(deps: SessionGitDeps, call: GitCall): Promise<void> {
  const rules = call.repo.push;
  const packets = new PacketReader(unpackedBodyOf(call));
  try {
    const push = { ...(await readPushRequest(packets)), body: packets.rest() };
    const reasons = reasonsAgainst(push, rules);
    if (reasons.size > 0) return refuse(deps, call, push, reasons);
    await using kept = await keepBody(deps, call, push.body);
    const toProve = push.commands.filter((command) => mustDescend(command, rules));
    const unproven =
      toProve.length === 0 ? new Map<string, string>() : await lookInto(deps, call, { push, kept, toProve });
    if (unproven.size > 0) return refuse(deps, call, push, unproven);
    await passOn(deps, call, push, kept);
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

/** Why a push that is allowed only as far as it forces nothing is refused, by ref; empty: it is not. */
async function lookInto(
  deps: SessionGitDeps,
  call: GitCall,
  { push, kept, toProve }: { push: Push; kept: Kept; toProve: PushCommand[] },
): Promise<Map<string, string>> {
  try {
    if (kept.problem !== null) throw new NoRoom(kept.problem);
    const idLength = push.commands[0]?.oldId.length ?? 0;
    const forced = await deps.checks.run(deps.sandboxId, call.signal, async () => {
      const signal = AbortSignal.any([call.signal, AbortSignal.timeout(checkTimeMs(kept.bytes))]);
      await using scratch = await openScratch(kept, { idLength, name: PACK, signal });
      if (kept.bytes > 0) await scratch.index(PACK);
      return await findForced(scratch, toProve, hostHistory(deps, { ...call, signal }));
    });
    return new Map(forced.map((ref) => [ref, NO_FORCE]));
  } catch (error) {
    if (call.signal.aborted) throw error;
    deps.log.warn({ err: error }, 'a push could not be looked into');
    const why = error instanceof NoRoom ? error.message : 'the gateway could not look into it';
    const reason = `whether this is a forced push cannot be told (${why}), and those are not allowed in this session`;
    return new Map(toProve.map(({ ref }) => [ref, reason]));
  }
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

async function passOn(deps: SessionGitDeps, call: GitCall, push: Push, kept: Kept): Promise<void> {
  tell(
    call,
    push.commands.map(({ ref }) => [ref, null]),
  );
  const { service, credential, req } = call;
  const answer = await askHost(deps, call, {
    method: 'POST',
    suffix: `/${service}`,
    credential,
    headers: { 'content-type': `application/x-${service}-request`, ...framingOf(kept, push.head.length) },
    body: joined(push.head, kept.read()),
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
