import { describe, expect, test } from 'vitest';
import { gatewayRig } from '../egress/support/rig.ts';
import { eventually } from '../support/eventually.ts';
import { realSandbox, type RealSandboxOptions } from '../support/real-sandbox.ts';

/*
 * Init and its helpers have the agent's user: what keeps them apart is the kernel's rules for PID 1 of a namespace and for
 * processes that cannot be dumped.
 */

async function sandbox(options: Partial<RealSandboxOptions> = {}) {
  const gateway = await gatewayRig({ repoPort: 1 });
  await gateway.start();
  return realSandbox({ gateway, repoOrigin: 'http://127.0.0.1:1', ...options });
}

/** Tries everything that would open another process; prints what it was able to do. */
const PRY = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_SEIZE, PIDFD_OPEN, PIDFD_GETFD, READV, WRITEV = 16, 0x4206, 434, 438, 310, 311
class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
mine = Iovec(ctypes.cast(ctypes.create_string_buffer(8), ctypes.c_void_p), 8)
theirs = Iovec(ctypes.c_void_p(0x400000), 8)
def opened(path, how=os.O_RDONLY):
    try:
        return bool(os.read(os.open(path, how), 1)) or True
    except OSError:
        return False
def tried(pid):
    for name in ["mem", "environ", "maps", "smaps", "auxv", "syscall", "stack", "io", "personality", "pagemap"]:
        if opened(f"/proc/{pid}/{name}"): yield name
    for name in ["oom_score_adj", "mem", "coredump_filter", "timerslack_ns", "comm"]:
        try:
            os.write(os.open(f"/proc/{pid}/{name}", os.O_WRONLY), b"1"); yield "write " + name
        except OSError: pass
    for name in ["fd", "map_files"]:
        try:
            os.listdir(f"/proc/{pid}/{name}"); yield name
        except OSError: pass
    for name in ["exe", "cwd", "root", "ns/net"]:
        try:
            os.readlink(f"/proc/{pid}/{name}"); yield name
        except OSError: pass
    for request in [PTRACE_ATTACH, PTRACE_SEIZE]:
        if libc.ptrace(request, pid, 0, 0) == 0: yield "ptrace"
    for call in [READV, WRITEV]:
        if libc.syscall(call, pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) >= 0: yield "process_vm"
    pidfd = libc.syscall(PIDFD_OPEN, pid, 0)
    for fd in range(12):
        if libc.syscall(PIDFD_GETFD, pidfd, fd, 0) >= 0: yield "pidfd_getfd"
names = {}
for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
    names[pid] = open(f"/proc/{pid}/status").read().split()[1]
ours = {pid: name for pid, name in names.items() if name in ["init", "forwarder", "names"]}
print(sorted(ours.values()))
print({name: sorted(set(tried(pid))) for pid, name in ours.items() if set(tried(pid))})
`;

describe('an agent, which has init’s own user,', () => {
  test('can look into neither init nor its helpers, nor into the directory where it reports', async () => {
    const { run } = await sandbox();
    const script = `cat > /tmp/pry.py; ls /run/daypass-init 2>&1; echo x 2>&1 > /run/daypass-init/reports; ls -ld /run/daypass-init`;
    const { stdout } = await run(['bash', '-c', `python3 - <<'END'\n${PRY}\nEND\n${script} < /dev/null`]);
    const [ours, opened, denied] = stdout.split('\n');
    expect(ours).toBe("['forwarder', 'forwarder', 'init', 'names']");
    expect(opened).toBe('{}');
    expect(denied).toContain('Permission denied');
  });

  test('can send init every signal there is, and goes on by itself to its own end', async () => {
    const { run } = await sandbox();
    const script = `
      trap '' TERM INT HUP
      for round in $(seq 200); do for signal in $(seq 64); do kill -$signal 1 2>/dev/null; done; done
      grep -E '^(State|Name)' /proc/1/status; echo still here; exit 5`;
    const { stdout, exitCode, signal, fromOutside } = await run(['bash', '-c', script]);
    expect(stdout).toMatch(/Name:\tinit\nState:\t[SR] /);
    expect(stdout).toContain('still here');
    expect({ exitCode, signal, fromOutside }).toEqual({ exitCode: 5, signal: null, fromOutside: false });
  });

  test('that forks without end, signals without end and writes without end is still stopped at once', async () => {
    const { init, output } = await sandbox({ pids: 64 });
    const script = `
import os, signal
for each in [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]: signal.signal(each, signal.SIG_IGN)
while True:
    try: os.fork()
    except OSError: pass
    os.kill(1, signal.SIGHUP)
    os.write(1, b"bomb" * 1000)
`;
    await init.startAgent('/', ['python3', '-c', script]);
    await eventually(
      () => output.stdout.length,
      (length) => length > 4_000_000,
      { timeoutMs: 30_000 },
    );
    await init.stop('TERM');
    await init.stop('KILL');
    expect(await init.exited).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
  });

  test('that kills and stops init’s helpers has them back, or only itself to blame; init stays', async () => {
    const { run } = await sandbox();
    const script = `
      for i in 1 2 3; do pkill -9 forwarder; pkill -9 names; sleep 1.2; done
      pgrep -c forwarder; pgrep -c names; python3 -c 'import socket; print(socket.gethostbyname("api.example.com"))'
      pkill -STOP names; pkill -STOP forwarder; echo stopped`;
    const { stdout, exitCode } = await run(['bash', '-c', script]);
    expect(stdout.split('\n').slice(0, 2)).toEqual(['2', '1']);
    expect(stdout).toMatch(/^127\.\d+\.\d+\.\d+$/m);
    expect(stdout).toContain('stopped\n');
    expect(exitCode).toBe(0);
  });

  test('that exhausts connections, names and descriptors leaves those that come later theirs', async () => {
    const { run } = await sandbox({ allow: ['api.example.com:8080'] });
    const script = `
import socket, struct, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
held = []
for i in range(1500):
    for port in [3128, 53]:
        s = socket.socket(); s.setblocking(False)
        s.connect_ex(("127.0.0.1", port)); held.append(s)
for i in range(3000):
    try: a = socket.gethostbyname(f"n{i}.example.com")
    except OSError as error: print("no address", error)
print("names", a.startswith("127."))
for s in held: s.close()
s = socket.create_connection((socket.gethostbyname("api.example.com"), 8080), 10)
s.sendall(b"x")
try: print("answer", s.recv(1))
except ConnectionResetError: print("reset, as it should be")
`;
    const { stdout, stderr } = await run(['python3', '-c', script]);
    expect(`${stdout}${stderr}`).toBe('names True\nreset, as it should be\n');
  });
});
