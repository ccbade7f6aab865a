import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestWarden, type TestWarden } from '../support/warden.ts';
import { runInSandbox } from './support/run-in-sandbox.ts';

/** Numbers of x86-64, on which the tests run (`asm/unistd_64.h`), with arguments that would mean something. */
const BLOCKED: [name: string, call: string, errno: string][] = [
  ['io_uring_setup', '425, 1, buf', 'ENOSYS'],
  ['io_uring_enter', '426, 3, 0, 0, 0, 0, 0', 'ENOSYS'],
  ['io_uring_register', '427, 3, 0, 0, 0', 'ENOSYS'],
  ['clone3', '435, buf, 88', 'ENOSYS'],
  ['bpf', '321, 0, buf, 72', 'EPERM'],
  ['perf_event_open', '298, buf, 0, -1, -1, 0', 'EPERM'],
  ['userfaultfd', '323, 0', 'EPERM'],
  ['userfaultfd for user faults only', '323, 1', 'EPERM'],
  ['keyctl', '250, 0, -3, 0', 'EPERM'],
  ['add_key', '248, b"user", b"a", b"b", 1, -3', 'EPERM'],
  ['request_key', '249, b"user", b"a", 0, 0', 'EPERM'],
  ['kexec_load', '246, 0, 0, 0, 0', 'EPERM'],
  ['kexec_file_load', '320, -1, -1, 0, 0, 0', 'EPERM'],
  ['init_module', '175, buf, 1, b""', 'EPERM'],
  ['finit_module', '313, 0, b"", 0', 'EPERM'],
  ['mount', '165, b"none", b"/tmp", b"tmpfs", 0, 0', 'EPERM'],
  ['umount2', '166, b"/tmp", 2', 'EPERM'],
  ['pivot_root', '155, b"/tmp", b"/tmp"', 'EPERM'],
  ['fsopen', '430, b"tmpfs", 0', 'EPERM'],
  ['fspick', '433, -100, b"/", 0', 'EPERM'],
  ['open_tree', '428, -100, b"/", 1', 'EPERM'],
  ['move_mount', '429, -100, b"/", -100, b"/tmp", 0', 'EPERM'],
  ['mount_setattr', '442, -100, b"/", 0, buf, 32', 'EPERM'],
  ['open_by_handle_at', '304, -100, buf, 0', 'EPERM'],
  ['name_to_handle_at', '303, -100, b"/", buf, buf, 0', 'EPERM'],
  ['unshare of a user namespace', '272, 0x10000000', 'EPERM'],
  ['unshare of files', '272, 0x400', 'EPERM'],
  ['setns', '308, 0, 0', 'EPERM'],
  ['clone into a user namespace', '56, 0x10000011, 0, 0, 0, 0', 'EPERM'],
  ['clone into a namespace with high bits set', '56, 0x100000000 | 0x10000011, 0, 0, 0, 0', 'EPERM'],
  ['chroot', '161, b"/tmp"', 'EPERM'],
  ['personality of another system', '135, 0x0007', 'EPERM'],
  ['personality without random addresses', '135, 0x0040000', 'EPERM'],
  ['personality that maps page zero', '135, 0x0100000', 'EPERM'],
  ['personality with high bits set', '135, 0x100000000 | 0x0040000', 'EPERM'],
  ['modify_ldt', '154, 1, buf, 16', 'EPERM'],
  ['syslog', '103, 3, buf, 64', 'EPERM'],
  ['acct', '163, b"/tmp/x"', 'EPERM'],
  ['swapon', '167, b"/tmp/x", 0', 'EPERM'],
  ['reboot', '169, 0, 0, 0, 0', 'EPERM'],
  ['settimeofday', '164, buf, 0', 'EPERM'],
  ['clock_adjtime', '305, 0, buf', 'EPERM'],
  ['quotactl', '179, 0, 0, 0, 0', 'EPERM'],
  ['fanotify_init', '300, 0, 0', 'EPERM'],
  ['lookup_dcookie', '212, 0, buf, 64', 'EPERM'],
  ['kcmp', '312, 1, 1, 0, 0, 0', 'EPERM'],
  ['pidfd_getfd', '438, 0, 0, 0', 'EPERM'],
  ['process_madvise', '440, 0, 0, 0, 0, 0', 'EPERM'],
  ['move_pages', '279, 0, 0, 0, 0, 0, 0', 'EPERM'],
  ['setpriority of init', '141, 0, 1, 19', 'EPERM'],
  ['setpriority with high bits set', '141, 0, 0x100000000 | 1, 19', 'EPERM'],
  ['setpriority of a whole user', '141, 2, 0, 19', 'EPERM'],
  ['sched_setscheduler of init', '144, 1, 5, buf', 'EPERM'],
  ['sched_setparam of init', '142, 1, buf', 'EPERM'],
  ['sched_setattr of init', '314, 1, buf, 0', 'EPERM'],
  ['ioprio_set of init', '251, 1, 1, 3 << 13', 'EPERM'],
  ['prlimit64 of init’s open files', '302, 1, 7, buf, 0', 'EPERM'],
  ['prlimit64 with high bits set', '302, 0x100000000 | 1, 7, buf, 0', 'EPERM'],
  ['rt_sigqueueinfo to init', '129, 1, 15, buf', 'EPERM'],
  ['rt_sigqueueinfo to init with high bits set', '129, 0x100000000 | 1, 15, buf', 'EPERM'],
  ['rt_tgsigqueueinfo to init', '297, 1, 1, 15, buf', 'EPERM'],
  ['tgkill of init', '234, 1, 1, 15', 'EPERM'],
  ['tkill of init', '200, 1, 15', 'EPERM'],
  ['pidfd_send_signal with words of its own', '424, 0, 15, buf, 0', 'EPERM'],
  ['vmsplice', '278, 1, 0, 0, 0', 'EPERM'],
  ['remap_file_pages', '216, 0, 0, 0, 0, 0', 'EPERM'],
  ['uselib', '134, b"/x"', 'EPERM'],
  ['iopl', '172, 3', 'EPERM'],
  ['ioperm', '173, 0, 1, 1', 'EPERM'],
  ['socket of AF_VSOCK', '41, 40, 1, 0', 'EPERM'],
  ['socket of AF_ALG', '41, 38, 5, 0', 'EPERM'],
  ['socket of AF_PACKET', '41, 17, 3, 0', 'EPERM'],
  ['socket of AF_BLUETOOTH', '41, 31, 3, 0', 'EPERM'],
  ['socket of AF_CAN', '41, 29, 3, 1', 'EPERM'],
  ['socket of AF_TIPC', '41, 30, 1, 0', 'EPERM'],
  ['socket of AF_RDS', '41, 21, 5, 0', 'EPERM'],
  ['socket of AF_KCM', '41, 41, 2, 0', 'EPERM'],
  ['socket of AF_XDP', '41, 44, 3, 0', 'EPERM'],
  ['socket of AF_SMC', '41, 43, 1, 0', 'EPERM'],
  ['socket of AF_RXRPC', '41, 33, 2, 2', 'EPERM'],
  ['socket of a family with high bits set', '41, 0x100000000 | 40, 1, 0', 'EPERM'],
  ['socket of SCTP', '41, 2, 5, 132', 'EPERM'],
  ['socket of DCCP', '41, 2, 6, 33', 'EPERM'],
  ['socket of MPTCP', '41, 2, 1, 262', 'EPERM'],
  ['socket of raw packets', '41, 2, 3, 1', 'EPERM'],
  ['socket of netfilter', '41, 16, 3, 12', 'EPERM'],
  ['socket of the kernel’s audit', '41, 16, 3, 9', 'EPERM'],
  ['socketpair of AF_TIPC', '53, 30, 1, 0, buf', 'EPERM'],
  ['ioctl TIOCSTI', '16, 0, 0x5412, b"x"', 'EPERM'],
  ['ioctl TIOCSTI with high bits set', '16, 0, 0x100000000 | 0x5412, b"x"', 'EPERM'],
  ['ioctl TIOCLINUX', '16, 0, 0x541c, b"x"', 'EPERM'],
];

/** Those beside the two that are blocked, and what programs use most: they get as far as the kernel's own answer. */
const IOCTLS = [0x5401, 0x5410, 0x5411, 0x5413, 0x5414, 0x5415, 0x5416, 0x541a, 0x541b, 0x541d, 0x541e, 0x5421, 0x5451];

const prelude = [
  'import ctypes, errno',
  'libc = ctypes.CDLL(None, use_errno=True); buf = ctypes.create_string_buffer(256)',
  'def call(*args):',
  '  ctypes.set_errno(0)',
  '  args = [ctypes.c_char_p(a) if isinstance(a, bytes) else a if a is buf else ctypes.c_long(a) for a in args]',
  '  result = libc.syscall(*args)',
  '  return "fine" if result >= 0 else errno.errorcode[ctypes.get_errno()]',
].join('\n');

describe('the system calls of a sandbox', () => {
  let warden: TestWarden;
  beforeAll(async () => {
    warden = await startTestWarden();
  });
  afterAll(async () => warden[Symbol.asyncDispose]());

  const python = async (lines: string[]) => {
    const ran = await runInSandbox(warden, ['python3', '-c', [prelude, ...lines].join('\n')]);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    return ran.stdout.trim().split('\n');
  };

  it(`leave out ${BLOCKED.length} ways to do what no agent needs`, async () => {
    const said = await python(BLOCKED.map(([, call]) => `print(call(${call}))`));
    expect(said.map((errno, i) => [BLOCKED[i]?.[0], errno])).toEqual(BLOCKED.map(([name, , errno]) => [name, errno]));
  });

  it('hold every ioctl but those that put input into a terminal', async () => {
    const said = await python(IOCTLS.map((request) => `print(call(16, 99, ${request}, buf))`));
    expect(said).toEqual(IOCTLS.map(() => 'EBADF'));
  });

  it('hold limits that a process sets for itself, and those of others to be read', async () => {
    const said = await python([
      'print(call(302, 0, 4, 0, buf)); print(call(302, 0, 4, buf, 0)); print(call(302, 1, 7, 0, buf))',
    ]);
    expect(said).toEqual(['fine', 'fine', 'fine']);
  });

  it('hold every way to signal a process of its own', async () => {
    const said = await python([
      'import os, signal, struct, threading, time',
      'signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGRTMIN])',
      'word = struct.pack("iiiiQ", int(signal.SIGRTMIN), 0, -1, 0, 7).ljust(128, b"\\0")',
      'me = os.getpid()',
      'print(call(129, me, int(signal.SIGRTMIN), word), call(297, me, me, int(signal.SIGRTMIN), word))',
      'print(call(234, me, me, int(signal.SIGUSR1)), call(200, me, int(signal.SIGUSR1)))',
      'signal.pidfd_send_signal(os.pidfd_open(me), signal.SIGUSR1); signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)',
      'child = os.fork()',
      'if child == 0: time.sleep(60)',
      'print(call(234, child, child, 9)); print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))',
    ]);
    expect(said).toEqual(['fine fine', 'fine fine', 'fine', '-9']);
  });

  it('are those of 64 bits alone: a program of 32 bits ends at its first', async () => {
    // `mov eax, 20; int 0x80; ret`, which asks for its process id in the way of 32 bits.
    const code = [
      'import mmap, os, signal',
      'memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)',
      'memory.write(bytes.fromhex("b814000000cd80c3"))',
      'address = ctypes.addressof(ctypes.c_char.from_buffer(memory))',
      'child = os.fork()',
      'if child == 0:',
      '  ctypes.CFUNCTYPE(ctypes.c_int)(address)(); os._exit(0)',
      'status = os.waitpid(child, 0)[1]',
      'print(signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "it went on")',
    ];
    expect(await python(code)).toEqual(['SIGSYS']);
  });

  it('let git, Node, Python, a compiler’s make and a debugger’s ptrace work', async () => {
    const script = `set -e
      git init -q r && cd r && git config user.email a@b && git config user.name a
      echo x > x && git add x && git commit -qm x && git gc -q && git log --oneline | wc -l
      node -e 'const { Worker } = require("worker_threads"); const os = require("os");
        require("fs").promises.readFile("x").then((b) => new Worker("require(\\"worker_threads\\").parentPort.postMessage(1)", { eval: true })
          .on("message", () => console.log("node", Object.keys(os.networkInterfaces()).join())))'
      python3 -c 'import asyncio, multiprocessing, socket, threading
with multiprocessing.Pool(2) as pool: print("python", sum(pool.map(abs, [-1, 2])))
server = socket.create_server(("127.0.0.1", 0)); socket.create_connection(server.getsockname())
asyncio.run(asyncio.create_subprocess_exec("true")); print(socket.if_nameindex()[0][1])'
      printf 'all:\\n\\t@echo made\\n' > Makefile && make -s -j2
      python3 -c '
import ctypes, os, signal
libc = ctypes.CDLL(None); child = os.fork()
if child == 0:
  libc.ptrace(0, 0, 0, 0); os.kill(os.getpid(), signal.SIGSTOP); os._exit(3)
os.waitpid(child, 0); libc.ptrace(7, child, 0, 0); print("traced", os.WEXITSTATUS(os.waitpid(child, 0)[1]))
print("init", libc.ptrace(16, 1, 0, 0))'
      mkfifo pipe && test -p pipe && curl --version | head -c 4`;
    const ran = await runInSandbox(warden, ['bash', '-c', script]);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ran.stdout).toBe('1\nnode lo\npython 3\nlo\nmade\ntraced 3\ninit -1\ncurl');
  });

  it('allow nothing by name that needs a capability, a namespace or another filter', () => {
    const file = new URL('../../src/runtime/docker/seccomp.json', import.meta.url);
    const profile = JSON.parse(readFileSync(file, 'utf8')) as {
      defaultAction: string;
      syscalls: { comment?: string; names: string[]; action: string; args?: unknown[] }[];
    };
    expect(profile.defaultAction).toBe('SCMP_ACT_ERRNO');
    const free = profile.syscalls.flatMap(({ names, action, args }) =>
      action === 'SCMP_ACT_ALLOW' && args === undefined ? names : [],
    );
    expect(new Set(free).size).toBe(free.length);
    for (const name of ['socket', 'socketpair', 'clone', 'ioctl', 'personality', 'socketcall', 'ipc', 'unshare']) {
      expect(free).not.toContain(name);
    }
  });
});
