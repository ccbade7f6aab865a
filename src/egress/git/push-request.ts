import { FLUSH, NotPackets, packet, type PacketReader } from './pkt-line.ts';

/** What is to become of one ref. */
export interface PushCommand {
  /** Lower-case hex; all zeros: the ref is to be made. */
  oldId: string;
  /** All zeros: it is to be deleted. */
  newId: string;
  /** Its full name, such as `refs/heads/main`. */
  ref: string;
}

/** The body of POST git-receive-pack, read as far as its pack, which is what the reader has left then. */
export interface PushRequest {
  /** Empty: only a probe, with which git begins a large push. */
  commands: PushCommand[];
  /** Of one with a value, `NAME=VALUE` and `NAME`. */
  capabilities: ReadonlySet<string>;
  /** Everything up to the pack, byte by byte as it came. */
  head: Buffer;
}

/** A push that is not passed on because it cannot be judged. The message is for whoever pushes. */
export class UnreadablePush extends Error {
  override readonly name = 'UnreadablePush';
}

const MAX_COMMANDS = 2_000;
const MAX_HEAD_BYTES = 1024 * 1024;
const ZERO = /^0+$/;
const COMMAND = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^\0\n]+)$/;
const SHALLOW = /^shallow [0-9a-f]{40,64}$/;

export const isCreation = ({ oldId }: PushCommand): boolean => ZERO.test(oldId);
export const isDeletion = ({ newId }: PushCommand): boolean => ZERO.test(newId);

/**
 * Reads the commands, stricter than any host does: what could be read in two ways is not passed on. Throws
 * `UnreadablePush`. Source: gitprotocol-pack(5), "Reference Update Request".
 */
export async function readPushRequest(packets: PacketReader): Promise<PushRequest> {
  const head: Buffer[] = [];
  let headBytes = 0;
  const next = async (): Promise<string | null> => {
    const found = await packets.next().catch((error: unknown) => {
      throw error instanceof NotPackets ? new UnreadablePush(`the push cannot be read: ${error.message}`) : error;
    });
    if (found === null) throw new UnreadablePush('the push ends before its pack');
    const payload = found.kind === 'data' ? found.payload : null;
    if (payload === null && found.kind !== 'flush') throw new UnreadablePush('the push cannot be read');
    const bytes = payload === null ? FLUSH : packet(payload);
    headBytes += bytes.length;
    if (headBytes > MAX_HEAD_BYTES) throw new UnreadablePush('the push names too many refs at once');
    head.push(bytes);
    return payload === null ? null : textOf(payload);
  };

  const commands: PushCommand[] = [];
  let capabilities: ReadonlySet<string> = new Set();
  for (let line = await next(); line !== null; line = await next()) {
    if (SHALLOW.test(line)) continue;
    if (/^push-cert\b/.test(line)) throw new UnreadablePush('signed pushes are not passed on; push without --signed');
    const [command = '', features, ...more] = line.split('\0');
    // Hosts take what stands behind a NUL from any line; clients write it into the first one only.
    if (more.length > 0 || (features !== undefined && commands.length > 0))
      throw new UnreadablePush('the push cannot be read');
    if (features !== undefined) capabilities = readCapabilities(features);
    commands.push(readCommand(command));
    if (commands.length > MAX_COMMANDS) throw new UnreadablePush('the push names too many refs at once');
  }
  requireOnce(commands);
  if (capabilities.has('push-options')) while ((await next()) !== null);
  return { commands, capabilities, head: Buffer.concat(head) };
}

/**
 * Each as it stands and, of `NAME=VALUE`, the name too: git takes `push-options=` for `push-options`. It also takes any white
 * space for the end of one (`parse_feature_value` in its connect.c), where clients write a space.
 */
function readCapabilities(features: string): ReadonlySet<string> {
  if (!/^[\x20-\x7e]*$/.test(features)) throw new UnreadablePush('the push names a capability that is none');
  const found = features.split(' ').filter((one) => one !== '');
  return new Set(found.flatMap((one) => [one, one.split('=')[0] ?? '']));
}

function readCommand(line: string): PushCommand {
  const [, oldId, newId, ref] = COMMAND.exec(line) ?? [];
  if (oldId === undefined || newId === undefined || ref === undefined || oldId.length !== newId.length)
    throw new UnreadablePush('the push cannot be read: it holds a command that is none');
  return { oldId, newId, ref };
}

function requireOnce(commands: PushCommand[]): void {
  if (new Set(commands.map(({ ref }) => ref)).size === commands.length) return;
  throw new UnreadablePush('the push names one ref twice');
}

function textOf(payload: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload).replace(/\n$/, '');
  } catch {
    throw new UnreadablePush('the push names a ref that is not in UTF-8');
  }
}
