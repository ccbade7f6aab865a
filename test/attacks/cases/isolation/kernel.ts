import type { Attack } from '../../attack.ts';
import { fromInside } from '../../rig/from-inside.ts';

const area = 'isolation';

/** The kernel's own doors. Numbers of system calls are those of x86-64. */
export const KERNEL: Attack[] = [
  fromInside({
    name: 'no namespace can be made, so nobody becomes root in one',
    area,
    must: 'unshare, clone and clone3 with namespaces, and setns, are refused.',
    script: `
      denied "user namespace" unshare --user true
      denied "root in a user namespace" unshare --user --map-root-user --mount true
      denied "network namespace" unshare --net true
      weapon <<'PY'
from weapon import *
for name, flag in {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000, "ipc": 0x08000000, "uts": 0x04000000, "cgroup": 0x02000000, "time": 0x80}.items():
    denied(f"unshare {name}", lambda: call(272, flag))
    if name != "time":
        def cloned():
            pid = call(56, flag | 17, 0, 0, 0, 0)
            if pid == 0:
                os._exit(0)
            return pid
        denied(f"clone {name}", cloned)
def setns():
    fd = os.open("/proc/1/ns/mnt", os.O_RDONLY)
    return call(308, fd, 0)
denied("setns", setns)
PY`,
  }),
  fromInside({
    name: 'PID 1 cannot be traced, read or stopped',
    area,
    must: 'Its memory, environment, descriptors and maps are closed, ptrace and its relatives are refused, and no signal of the agent ends it.',
    script: `
      for file in environ mem maps auxv stack syscall personality; do denied "/proc/1/$file" cat /proc/1/$file; done
      denied "descriptors" ls /proc/1/fd/
      denied "root" ls /proc/1/root/
      weapon <<'PY'
from weapon import *
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
denied("ptrace attach", lambda: call(101, PTRACE_ATTACH, 1, 0, 0))
denied("ptrace seize", lambda: call(101, PTRACE_SEIZE, 1, 0, 0))
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(64)
local, remote = Vector(ctypes.addressof(buffer), 64), Vector(0x400000, 64)
denied("process_vm_readv", lambda: call(310, 1, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))
denied("process_vm_writev", lambda: call(311, 1, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))
def taken():
    pidfd = call(434, 1, 0)
    return call(438, pidfd, 0, 0)
denied("pidfd_getfd", taken)
denied("kcmp", lambda: call(312, 1, os.getpid(), 0, 0, 0))
for signal in (9, 19, 11, 6, 31):
    try:
        os.kill(1, signal)
    except OSError:
        pass
PY
      [ "$(awk '/^State/ { print $2 }' /proc/1/status)" != T ] || hole "PID 1 is stopped"`,
  }),
  fromInside({
    name: 'there is no right to be had: no capability, no setuid, no file capability',
    area,
    must: 'All sets of capabilities are empty, no_new_privs is on, and setuid programs stay the agent.',
    script: `
      grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | grep -v '0000000000000000' | sed 's/^/HOLE: /'
      [ "$(awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" = 1 ] || hole "no_new_privs is off"
      [ "$(awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 2 ] || hole "no seccomp filter"
      cp /bin/sh /tmp/sh && chmod 6755 /tmp/sh
      [ "$(/tmp/sh -p -c 'id -u')" = 1000 ] || hole "own setuid shell"
      denied "su" sh -c 'echo | su root -c id'
      denied "chown" chown root /tmp/sh
      weapon <<'PY'
from weapon import *
denied("setuid", lambda: os.setuid(0))
denied("setgid", lambda: os.setgid(0))
denied("setgroups", lambda: os.setgroups([0]))
denied("file capability", lambda: os.setxattr("/tmp/sh", "security.capability", b"\\x01\\0\\0\\x02" + b"\\xff" * 16))
denied("raise ambient capability", lambda: call(157, 47, 2, 21, 0, 0))
PY`,
  }),
  fromInside({
    name: 'the kernel’s privileged calls are refused',
    area,
    must: 'bpf, perf events, keyrings, modules, kexec, reboot, swap, quotas, clocks, host name and real-time priority are refused.',
    script: `
      weapon <<'PY'
from weapon import *
text = ctypes.create_string_buffer(128)
for name, number, *args in [
    ("bpf", 321, 0, text, 128), ("perf_event_open", 298, text, 0, -1, -1, 0), ("add_key", 248, b"user", b"name", b"x", 1, -1),
    ("keyctl", 250, 0, -3, 1), ("request_key", 249, b"user", b"name", 0, 0), ("init_module", 175, text, 0, b""),
    ("finit_module", 313, 0, b"", 0), ("delete_module", 176, b"x", 0), ("kexec_load", 246, 0, 0, 0, 0),
    ("reboot", 169, 0xfee1dead, 672274793, 0, 0), ("swapon", 167, b"/tmp", 0), ("quotactl", 179, 0, b"/", 0, text),
    ("settimeofday", 164, text, 0), ("clock_settime", 227, 0, text), ("adjtimex", 159, ctypes.create_string_buffer(b"\\x01" * 208)),
    ("sethostname", 170, b"owned", 5), ("syslog", 103, 3, text, 128), ("acct", 163, 0), ("iopl", 172, 3), ("ioperm", 173, 0, 1, 1),
    ("lookup_dcookie", 212, 0, text, 8), ("move_pages", 279, 1, 0, 0, 0, 0, 0), ("vhangup", 153), ("fanotify_init", 300, 0, 0),
    ("name_to_handle_at", 303, -100, b"/", text, text, 0x1000000), ("sched_setscheduler", 144, 0, 1, ctypes.create_string_buffer(b"\\x32\\0\\0\\0")),
    ("setpriority", 141, 0, 0, -20), ("setpriority of init", 141, 0, 1, 19), ("sched_setscheduler of init", 144, 1, 5, text), ("ioprio real time", 251, 1, 0, 1 << 13),
]:
    denied(name, lambda: call(number, *args))
PY`,
  }),
  fromInside({
    name: 'the calls with the worst history are closed to the agent',
    area,
    must: 'io_uring, userfaultfd and vmsplice-like toys outside every profile’s need are refused.',
    script: `
      weapon <<'PY'
from weapon import *
parameters = ctypes.create_string_buffer(256)
denied("io_uring_setup", lambda: call(425, 8, parameters))
denied("io_uring_register", lambda: call(427, 0, 0, 0, 0))
denied("userfaultfd", lambda: call(323, 0))
denied("userfaultfd for user mode", lambda: call(323, 1))
PY`,
  }),
  fromInside({
    name: 'only sockets of the ordinary families can be made',
    area,
    must: 'AF_PACKET, AF_VSOCK, AF_ALG, AF_KEY, AF_TIPC, AF_RDS, AF_CAN, AF_BLUETOOTH and raw sockets are refused.',
    script: `
      weapon <<'PY'
from weapon import *
families = {"AF_AX25": 3, "AF_IPX": 4, "AF_X25": 9, "AF_KEY": 15, "AF_PACKET": 17, "AF_RDS": 21, "AF_CAN": 29, "AF_TIPC": 30,
            "AF_BLUETOOTH": 31, "AF_ALG": 38, "AF_NFC": 39, "AF_VSOCK": 40, "AF_KCM": 41, "AF_XDP": 44}
for name, family in families.items():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        denied(f"{name} {kind}", lambda: socket.socket(family, kind))
for protocol in (socket.IPPROTO_ICMP, socket.IPPROTO_TCP, socket.IPPROTO_RAW):
    denied(f"raw {protocol}", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol))
denied("raw IPv6", lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6))
PY`,
  }),
  fromInside({
    name: 'there is no terminal to type into for somebody else',
    area,
    must: 'No controlling terminal, and TIOCSTI and TIOCLINUX are refused on every descriptor.',
    script: `
      weapon <<'PY'
from weapon import *
import fcntl, termios
denied("/dev/tty", lambda: os.open("/dev/tty", os.O_RDWR))
for fd in (0, 1, 2):
    denied(f"TIOCSTI on {fd}", lambda: fcntl.ioctl(fd, termios.TIOCSTI, b"x"))
    denied(f"TIOCLINUX on {fd}", lambda: fcntl.ioctl(fd, 0x541C, b"\\x03"))
PY`,
  }),
  fromInside({
    name: 'a program of another architecture finds no open door',
    area,
    must: 'System calls by the 32-bit table and by x32 are held to the same rules.',
    script: `
      weapon <<'PY'
from weapon import *
import mmap
def in_child(what, act):
    # A filter may answer with a signal instead of an error.
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if act() == 0 else 1)
        except OSError:
            os._exit(1)
    if os.waitpid(pid, 0)[1] == 0:
        hole(what)
    else:
        print("denied:", what, flush=True)
in_child("x32 unshare", lambda: call(0x40000000 | 272, 0x10000000))
in_child("x32 keyctl", lambda: min(call(0x40000000 | 250, 0, -3, 1), 0))
def by_32_bit():
    # int 0x80 with eax = 310 (unshare), ebx = CLONE_NEWUSER.
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex("53" "b836010000" "bb00000010" "cd80" "5b" "c3"))
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
in_child("unshare by the 32-bit table", by_32_bit)
PY`,
  }),
];
