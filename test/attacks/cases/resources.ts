import { readFile } from 'node:fs/promises';
import { wrongIn, type Attack } from '../attack.ts';
import { until, createRepo, settled, startSession } from '../../scenarios/session.ts';
import { fromInside, type Outcome } from '../rig/from-inside.ts';

const area = 'resources';
const MEGABYTE = 1024 * 1024;

/** Numbers that the script printed as `NAME=NUMBER`. */
function figure({ log }: Outcome, name: string): number {
  return Number(new RegExp(`^${name}=([\\d.]+)$`, 'm').exec(log)?.[1] ?? Number.NaN);
}

/** Whether an event of the session names the limit that it met. */
function names({ events }: Outcome, resource: string): [boolean, string] {
  const isNamed = events.some(({ type, detail }) => type === 'resource_exhausted' && detail['resource'] === resource);
  return [isNamed, `no event names ${resource} as used up`];
}

/** Taking all that there is: processes, memory, disk, time. */
export const RESOURCES: Attack[] = [
  fromInside({
    name: 'a fork bomb stops at its own limit of processes',
    area,
    must: 'Its session meets its limit, everybody else forks on.',
    alone: true,
    request: { resources: { pids: 128, memoryMb: 512, cpus: 1 }, timeoutSeconds: 20 },
    ends: null,
    script: `
      weapon <<'PY'
from weapon import *
until, most, refused = time.monotonic() + 5, 0, 0
if os.fork() == 0:
    while time.monotonic() < until:
        try:
            os.fork()
        except OSError:
            refused += 1
    os._exit(0)
while time.monotonic() < until:
    most = max(most, sum(name.isdigit() for name in os.listdir("/proc")))
    time.sleep(0.1)
print(f"most={most}", flush=True)
PY`,
    holds: (outcome) =>
      wrongIn([figure(outcome, 'most') <= 128, `there were ${figure(outcome, 'most')} processes of 128`]),
  }),
  fromInside({
    name: 'threads count as processes and stop at the same limit',
    area,
    must: 'The next thread is refused at the limit, and an event says so.',
    request: { resources: { pids: 64, memoryMb: 512, cpus: 1 } },
    script: `
      weapon <<'PY'
import threading, time
made = 0
try:
    while made < 500:
        threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
        made += 1
except RuntimeError:
    pass
print(f"made={made}", flush=True)
PY`,
    holds: (outcome) =>
      wrongIn([figure(outcome, 'made') < 64, `${figure(outcome, 'made')} threads were made`], names(outcome, 'pids')),
  }),
  fromInside({
    name: 'a memory bomb ends its own session, and the failure says so',
    area,
    must: 'The session is failed with out_of_memory; nobody else is killed.',
    alone: true,
    request: { resources: { memoryMb: 128, cpus: 1 } },
    ends: 'failed',
    script: `exec python3 -c '
import time
kept = []
while True:
    kept.append(bytearray(4 << 20)); time.sleep(0.05)'`,
    holds: ({ session }) =>
      wrongIn([session.failure?.code === 'out_of_memory', `the failure is ${session.failure?.code ?? 'none'}`]),
  }),
  fromInside({
    name: 'a child that eats all memory is killed alone',
    area,
    must: 'The child is killed at the session’s limit, an event says so, the command goes on to its end.',
    request: { resources: { memoryMb: 128, cpus: 1 } },
    script: `
      python3 -c 'kept = []
while True: kept.append(bytearray(4 << 20))' && hole "the child lived"
      echo "went on"`,
    holds: (outcome) =>
      wrongIn([outcome.log.includes('went on'), 'the command did not go on'], names(outcome, 'memory')),
  }),
  fromInside({
    name: 'a full workspace is full for its own session alone',
    area,
    must: 'Writing stops at diskMb, and an event says so.',
    alone: true,
    request: { resources: { memoryMb: 512, cpus: 1, diskMb: 64 } },
    script: `
      denied "more than the disk" dd if=/dev/zero of=/workspace/fill bs=1M count=300
      echo "used=$(du -sm /workspace | cut -f1)"`,
    holds: (outcome) =>
      wrongIn(
        [figure(outcome, 'used') <= 66, `${figure(outcome, 'used')} MB were written of 64`],
        names(outcome, 'disk'),
      ),
  }),
  fromInside({
    name: 'every writable place together has a bound',
    area,
    must: 'Workspace, home, /tmp and shared memory together stop at their limits or at the session’s memory.',
    alone: true,
    ends: null,
    request: { resources: { memoryMb: 256, cpus: 1, diskMb: 128 } },
    script: `
      for dir in $(df --output=target -x proc -x sysfs | tail -n +2) /dev/shm /dev/mqueue /home/agent /tmp; do
        [ -w "$dir" ] || continue
        timeout 10 dd if=/dev/zero of="$dir/fill" bs=1M count=2000 2>/dev/null
        written=$(stat -c %s "$dir/fill" 2>/dev/null || echo 0)
        echo "$dir $((written >> 20)) MB"
        [ "$written" -lt $((1500 << 20)) ] || hole "$dir took $written bytes"
      done`,
  }),
  fromInside({
    name: 'a million files stop at a bound of their own',
    area,
    must: 'Inodes are refused, or charged to the session’s memory, long before the host runs short.',
    alone: true,
    ends: null,
    request: { resources: { memoryMb: 96, cpus: 1, diskMb: 64 }, timeoutSeconds: 30 },
    script: `
      PYTHONPATH=. python3 - <<'PY'
from weapon import *
made, until = 0, time.monotonic() + 12
try:
    while made < 1_000_000 and time.monotonic() < until:
        if made % 10_000 == 0:
            os.mkdir(f"/workspace/{made}")
            print(f"so_far={made}", flush=True)
        os.close(os.open(f"/workspace/{made - made % 10_000}/{made}", os.O_CREAT | os.O_WRONLY))
        made += 1
    if made >= 1_000_000:
        hole("a million files")
except OSError as error:
    print("denied: the next file", error, flush=True)
PY`,
    holds: (outcome) => wrongIn([figure(outcome, 'so_far') >= 0, 'no file was made at all']),
  }),
  fromInside({
    name: 'a sparse file of a terabyte takes no room',
    area,
    must: 'It is refused, or it is empty and its first real gigabyte is refused.',
    request: { resources: { memoryMb: 256, cpus: 1, diskMb: 64 } },
    script: `
      truncate -s 1T /workspace/sparse 2>/dev/null
      fallocate -l 1T /workspace/allocated 2>/dev/null && hole "a terabyte was allocated"
      [ "$(du -sm /workspace | cut -f1)" -le 66 ] || hole "it takes $(du -sm /workspace)"`,
  }),
  fromInside({
    name: 'open files stop at the session’s limit',
    area,
    must: 'The next descriptor is refused, and the limit cannot be raised.',
    script: `
      weapon <<'PY'
from weapon import *
import resource
kept = []
def many():
    while len(kept) < 200_000:
        kept.append(os.open("/dev/null", os.O_RDONLY))
denied("200,000 descriptors", many)
for fd in kept[:100]:
    os.close(fd)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
denied("raise the limit", lambda: call(302, 0, 7, ctypes.create_string_buffer((1 << 20).to_bytes(8, "little") * 2), 0))
if hard > 65536:
    hole(f"{hard} open files")
PY`,
  }),
  fromInside({
    name: 'no core file is left, whatever crashes',
    area,
    must: 'The limit is 0 and cannot be raised.',
    script: `
      [ "$(ulimit -Hc)" = 0 ] || hole "core files of $(ulimit -Hc) blocks"
      denied "raise it" sh -c 'ulimit -c unlimited'
      sh -c 'kill -SEGV $$' || true
      if ls /workspace/*/core* /tmp/core* 2>/dev/null | grep -q .; then hole "a core file"; fi`,
  }),
  fromInside({
    name: 'eight busy loops get the cpu of one',
    area,
    must: 'The session uses no more than it was given.',
    alone: true,
    request: { resources: { memoryMb: 256, cpus: 1 } },
    script: `
      for n in 1 2 3 4 5 6 7 8; do timeout 4 sh -c 'while :; do :; done' & done
      wait
      awk '{ print "busy=" ($16 + $17) / 100 }' /proc/$$/stat`,
    holds: (outcome) => wrongIn([figure(outcome, 'busy') <= 5, `${figure(outcome, 'busy')} s of cpu in 4 s on 1 cpu`]),
  }),
  fromInside({
    name: 'a storm of children that nobody waits for leaves no zombies',
    area,
    must: 'Init reaps what is orphaned.',
    script: `
      weapon <<'PY'
from weapon import *
for _ in range(2000):
    if os.fork() == 0:
        if os.fork() == 0:
            os._exit(0)
        os._exit(0)
    os.wait()
deadline = time.monotonic() + 5
def zombies():
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                count += ") Z " in open(f"/proc/{name}/stat").read()
            except OSError:
                pass
    return count
while zombies() and time.monotonic() < deadline:
    time.sleep(0.05)
if zombies():
    hole(f"{zombies()} zombies")
PY`,
  }),
  fromInside({
    name: 'a storm of signals does not bring init down',
    area,
    must: 'PID 1 goes on, and the exit of the command is reported.',
    ends: 'failed',
    script: `
      weapon <<'PY'
from weapon import *
import signal
harmless = [number for number in signal.valid_signals() if number not in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)]
for _ in range(3000):
    for number in harmless:
        try:
            os.kill(1, number)
        except OSError:
            pass
PY
      exit 5`,
    holds: ({ session }) => wrongIn([session.exitCode === 5, `the exit is ${session.exitCode}`]),
  }),
  fromInside({
    name: 'a daemon that is left behind ends with its session',
    area,
    must: 'Neither the session waits for it nor does it live on.',
    script: `setsid sh -c 'trap "" TERM HUP INT; while :; do sleep 1; done' > /dev/null 2>&1 < /dev/null & echo left`,
    holds: async ({ session, lastedMs }, { stack }) =>
      wrongIn(
        [lastedMs < 8_000, `the session lasted ${lastedMs.toFixed(0)} ms`],
        [typeof session.container?.removedAt === 'string', 'its container was not removed'],
        [
          (await stack.docker.listContainers({ all: true })).every(
            ({ Names }) => !Names.includes(`/${session.container?.id}`),
          ),
          'its container is still there',
        ],
      ),
  }),
  fromInside({
    name: 'pipes filled to the brim cost memory of the session alone',
    area,
    must: 'They are bounded by the session’s memory or by the kernel.',
    ends: null,
    request: { resources: { memoryMb: 128, cpus: 1 } },
    script: `
      weapon <<'PY'
from weapon import *
import fcntl
kept, total = [], 0
try:
    for _ in range(2000):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            fcntl.fcntl(writer, 1031, 1 << 20)
        except OSError:
            pass
        kept += [reader, writer]
        try:
            while True:
                total += os.write(writer, b"x" * 65536)
        except BlockingIOError:
            pass
except OSError as error:
    print("denied:", error)
print(f"piped={total >> 20}", flush=True)
if total > 1 << 30:
    hole(f"{total} bytes in pipes")
PY`,
    holds: ({ session, log }) =>
      wrongIn([log.includes('piped=') || session.failure?.code === 'out_of_memory', 'nothing was piped']),
  }),
  {
    name: 'who ignores SIGTERM is killed when the grace is over',
    area,
    must: 'The session is stopped within its grace and a little more.',
    async run({ stack, starts }, underWay) {
      const repoId = await createRepo(stack);
      const command = ['sh', '-c', `trap '' TERM INT HUP; echo up; while :; do sleep 0.1; done`];
      const { id } = await starts.run(async () => {
        const session = await startSession(stack, { repos: [{ id: repoId }], command });
        return until(stack, session.id, ({ status }) => status === 'running');
      });
      underWay();
      const began = performance.now();
      await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 1 });
      const { status } = await settled(stack, id);
      const tookMs = performance.now() - began;
      return wrongIn([status === 'stopped', `it is ${status}`], [tookMs < 8_000, `it took ${tookMs.toFixed(0)} ms`]);
    },
  },
  fromInside({
    name: 'who ignores everything still ends at the deadline',
    area,
    must: 'The session is timed_out at its time, and its sandbox is gone.',
    request: { timeoutSeconds: 3 },
    ends: 'timed_out',
    script: `trap '' TERM INT HUP QUIT; for n in 1 2 3 4 5; do setsid sh -c 'trap "" TERM; while :; do sleep 1; done' & done; while :; do sleep 1; done`,
    holds: ({ lastedMs }) => wrongIn([lastedMs < 20_000, `it lasted ${lastedMs.toFixed(0)} ms`]),
  }),
  {
    name: 'thirty sessions asked for at once do not shut the thirty-first out',
    area,
    must: 'All are accepted and end; a neighbour’s start comes through.',
    alone: true,
    async run({ stack }, underWay) {
      const repoId = await createRepo(stack);
      const body = { repos: [{ id: repoId }], command: ['true'], resources: { memoryMb: 64, cpus: 1 }, priority: -10 };
      const sessions = await Promise.all(Array.from({ length: 30 }, () => startSession(stack, body)));
      // The flood itself is a load of thirty starts; what is measured is who comes after it.
      const ended = await Promise.all(sessions.map(({ id }) => settled(stack, id)));
      underWay();
      return wrongIn([ended.every(({ status }) => status === 'succeeded'), 'not all of them succeeded']);
    },
  },
  {
    name: 'the worker’s memory does not grow with what sandboxes do',
    area,
    must: 'After a session that prints, forks and fills, the worker is as small as before, or nearly.',
    async run(arena, underWay) {
      const { stack } = arena;
      const repoId = await createRepo(stack);
      const rss = async (): Promise<number> => rssBytes(stack.process('worker').pid);
      const before = await rss();
      const command = ['sh', '-c', 'for n in 1 2 3 4 5 6; do head -c 1000000 /dev/urandom | base64; done; seq 200000'];
      const { id } = await arena.starts.run(async () => {
        const accepted = await startSession(stack, { repos: [{ id: repoId }], command, timeoutSeconds: 60 });
        return until(stack, accepted.id, ({ status }) => !['queued', 'starting'].includes(status));
      });
      underWay();
      await settled(stack, id);
      const grownMb = ((await rss()) - before) / MEGABYTE;
      return wrongIn([grownMb < 200, `the worker grew by ${grownMb.toFixed(0)} MB`]);
    },
  },
];

async function rssBytes(pid: number): Promise<number> {
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return kilobytes * 1024;
}
