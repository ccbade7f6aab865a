import { wrongIn, type Attack } from '../../attack.ts';
import { backwards, fromInside } from '../../rig/from-inside.ts';
import { VICTIM_SECRET } from '../../rig/arena.ts';

const area = 'isolation';

/** The ways out of the container's own files and processes. */
export const HOST: Attack[] = [
  fromInside({
    name: 'the host’s files are not found behind anybody’s root',
    area,
    must: 'Every /proc/PID/root is closed or is the sandbox’s own, and no directory of the installation is in sight.',
    script: ({ stack }) => `
      denied "root of PID 1" ls /proc/1/root/
      for root in /proc/[0-9]*/root /proc/self/task/*/root /proc/1/cwd; do
        for path in ${stack.dir} ${stack.memoryDir} ${stack.redis.dir} /var/lib/docker /var/run/docker.sock; do
          if [ -e "$root$path" ]; then hole "$root$path"; fi
        done
      done
      for path in ${stack.dir} ${stack.memoryDir} ${stack.redis.dir} /var/lib/docker /var/run/docker.sock /run/containerd; do
        if [ -e "$path" ]; then hole "$path"; fi
      done`,
  }),
  fromInside({
    name: 'the disks of the host and of its neighbours are not in sight',
    area,
    must: 'No block device, its partitions or its figures, and no mount of another sandbox.',
    script: `
      for place in /sys/block /sys/class/block /sys/dev/block /sys/devices/virtual/block; do
        if [ -n "$(ls -A $place 2>/dev/null)" ]; then hole "$place shows $(ls $place | head -n 3)"; fi
      done
      for file in /proc/diskstats /proc/partitions; do
        if [ -s $file ] && [ -n "$(cat $file)" ]; then hole "$file says $(head -c 200 $file)"; fi
      done
      if [ "$(grep -c sbx_ /proc/self/mountinfo)" -gt 3 ]; then hole "mounts: $(grep sbx_ /proc/self/mountinfo)"; fi`,
    holds: ({ log }, { victim }) => wrongIn([!log.includes(victim.sandboxId), 'the victim’s sandbox is named']),
  }),
  fromInside({
    name: 'the kernel’s settings cannot be written',
    area,
    must: 'core_pattern, modprobe, sysrq, uevent_helper and the like are read-only or masked.',
    script: `
      for path in kernel/core_pattern kernel/modprobe kernel/hotplug kernel/randomize_va_space vm/overcommit_memory \\
                  net/ipv4/ip_forward kernel/ns_last_pid fs/suid_dumpable kernel/domainname; do
        denied "/proc/sys/$path" sh -c "echo x > /proc/sys/$path"
      done
      denied sysrq sh -c 'echo h > /proc/sysrq-trigger'
      denied uevent_helper sh -c 'echo /bin/sh > /sys/kernel/uevent_helper'
      denied "power state" sh -c 'echo mem > /sys/power/state'
      denied "oom_score_adj" sh -c 'echo -1000 > /proc/self/oom_score_adj'
      denied "irq" sh -c 'echo 1 > /proc/irq/default_smp_affinity'
      if [ -n "$(find /sys /proc/sys -type f -perm /222 -writable 2>/dev/null | head -n 3)" ]; then
        hole "writable: $(find /sys /proc/sys -type f -writable 2>/dev/null | head -n 3)"
      fi`,
  }),
  fromInside({
    name: 'the kernel’s memory and log cannot be read',
    area,
    must: '/proc/kcore, /dev/mem, /proc/kmsg, dmesg and the addresses in kallsyms are masked or refused.',
    script: `
      for path in /proc/kcore /dev/mem /dev/kmem /dev/port /proc/kmsg /dev/kmsg /proc/timer_list /proc/sched_debug /sys/firmware/memmap /proc/scsi/scsi; do
        if [ -s "$path" ] || timeout 2 head -c 1 "$path" 2>/dev/null | grep -q .; then hole "$path"; fi
      done
      denied dmesg dmesg
      if awk '$1 !~ /^0+$/ { found = 1 } END { exit !found }' /proc/kallsyms 2>/dev/null; then hole "addresses of the kernel"; fi`,
  }),
  fromInside({
    name: 'no device can be made or opened',
    area,
    must: 'mknod is refused, and /dev holds nothing but the harmless devices.',
    script: `
      denied "block device" mknod /workspace/disk b 8 0
      denied "memory device" mknod /tmp/mem c 1 1
      denied "fuse" sh -c 'exec 3<>/dev/fuse'
      denied "kvm" sh -c 'exec 3<>/dev/kvm'
      denied "loop control" sh -c 'exec 3<>/dev/loop-control'
      for path in $(find /dev -type b) $(find /dev -type c ! -name null ! -name zero ! -name full ! -name random ! -name urandom ! -name tty ! -name ptmx ! -path '/dev/pts/*'); do
        hole "device $path"
      done`,
  }),
  fromInside({
    name: 'nothing can be mounted, nor anything that is mounted be loosened',
    area,
    must: 'mount, remount, umount, pivot_root, chroot, open_by_handle_at and the newer mount calls are refused.',
    script: `
      denied "tmpfs" mount -t tmpfs none /tmp
      denied "proc" mount -t proc none /workspace
      denied "cgroup" mount -t cgroup -o memory none /workspace
      denied "cgroup2" mount -t cgroup2 none /workspace
      denied "writable root" mount -o remount,rw /
      denied "writable tools" mount -o remount,rw,bind /opt/daypass
      denied "umount of a mask" umount /proc/kcore
      denied "umount of hosts" umount /etc/hosts
      weapon <<'PY'
from weapon import *
denied("chroot", lambda: os.chroot("/workspace"))
denied("pivot_root", lambda: call(155, b"/workspace", b"/workspace"))
denied("open_by_handle_at", lambda: call(304, -100, ctypes.create_string_buffer(b"\\x08\\0\\0\\0\\x01\\0\\0\\0\\x02\\0\\0\\0\\0\\0\\0\\0"), 0))
denied("open_tree", lambda: call(428, -100, b"/", 1))
denied("fsopen", lambda: call(430, b"tmpfs", 0))
denied("mount_setattr", lambda: call(442, -100, b"/", 0, ctypes.create_string_buffer(32), 32))
denied("move_mount", lambda: call(429, -100, b"/tmp", -100, b"/workspace", 0))
PY`,
  }),
  fromInside({
    name: 'control groups cannot be left, loosened or made to call a release agent',
    area,
    must: 'Every file below /sys/fs/cgroup is read-only, and the limits stay what they were.',
    script: `
      limit() { cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; }
      before=$(limit)
      for file in $(find /sys/fs/cgroup \\( -name release_agent -o -name notify_on_release -o -name 'cgroup.procs' -o -name memory.limit_in_bytes \\
                    -o -name memory.max -o -name pids.max -o -name cpu.cfs_quota_us -o -name cpu.max -o -name devices.allow \\) 2>/dev/null); do
        denied "$file" sh -c "echo 0 > $file"
      done
      denied "a group of its own" mkdir /sys/fs/cgroup/memory/mine /sys/fs/cgroup/mine
      [ "$before" = "$(limit)" ] || hole "the limit changed"`,
  }),
  fromInside({
    name: 'no other process of the host is in sight or within reach of a signal',
    area,
    must: 'Only the sandbox’s own few processes are there; a signal to every process ends its own session alone.',
    ends: null,
    script: `
      [ "$(ls -d /proc/[0-9]* | wc -l)" -lt 20 ] || hole "many processes"
      grep -l -e '[d]ockerd' -e '[r]edis-server' -e '[d]aypass-worker' /proc/[0-9]*/cmdline 2>/dev/null | sed 's/^/HOLE: /'
      exec python3 -c 'import os; os.kill(-1, 9); os.kill(os.getpid(), 9)'`,
    holds: ({ session }) =>
      wrongIn([session.status === 'failed', `who kills everything has a session that is ${session.status}`]),
  }),
  fromInside({
    name: 'shared memory, message queues and abstract sockets of others are not there',
    area,
    must: 'The namespaces for IPC and network are the sandbox’s own.',
    script: `
      if tail -n +2 /proc/sysvipc/shm | grep -q .; then hole "shared memory"; fi
      if tail -n +2 /proc/sysvipc/msg | grep -q .; then hole "message queues"; fi
      [ -z "$(ls /dev/shm /dev/mqueue 2>/dev/null | grep -v :)" ] || hole "$(ls /dev/shm /dev/mqueue)"
      if grep -q '@' /proc/net/unix; then hole "abstract sockets: $(cat /proc/net/unix)"; fi`,
  }),
  fromInside({
    name: 'no engine, minter, Redis or containerd answers on any socket',
    area,
    must: 'The only socket in the sandbox is that of its own gateway.',
    script: ({ stack, victim }) => `
      for path in $(find / -type s ! -path '/proc/*' 2>/dev/null); do
        [ "$path" = /run/daypass/gateway.sock ] || hole "$path"
      done
      weapon <<'PY'
from weapon import *
for path in ["/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock",
             "${stack.redis.url}", "${stack.dir}/run/minter.sock", "${stack.dir}/run/warden/engine.sock",
             "${stack.dir}/run/gateways/${victim.sandboxId}/gateway.sock", "/run/daypass/../../run/minter.sock"]:
    denied(path, lambda: socket.socket(socket.AF_UNIX).connect(path))
PY`,
  }),
  fromInside({
    name: 'what Daypass put into the sandbox cannot be replaced',
    area,
    must: 'The tools, the way out, the hosts file and the whole root are read-only.',
    script: `
      for path in /opt/daypass/bin/git-credential-daypass /opt/daypass/bin/init /opt/daypass/gitconfig /etc/hosts /etc/resolv.conf /etc/passwd  \\
                  /run/daypass/gateway.sock /usr/bin/git /bin/sh; do
        denied "write $path" sh -c "echo x >> $path"
        denied "remove $path" rm -f "$path"
        denied "move $path" mv "$path" /tmp/moved
      done
      for dir in / /opt /opt/daypass /opt/daypass/bin /run /run/daypass /etc /usr/local/bin /var /dev /run/daypass-init; do
        denied "file in $dir" sh -c "echo x > $dir/planted"
      done
      git ls-remote origin > /dev/null || hole "the helper does not answer any more"`,
  }),
  fromInside({
    name: 'a hard link or an open file leads to nothing that is not the agent’s',
    area,
    must: 'No link to files of root; no descriptor of a directory of the host is left open for the agent.',
    script: `
      denied "link to shadow" ln /etc/shadow /workspace/shadow
      denied "shadow" cat /etc/shadow
      for fd in /proc/self/fd/*; do
        case $(readlink "$fd") in
          pipe:*|/dev/null|/proc/*|/dev/pts/*|socket:*|'') ;;
          *) hole "descriptor $fd leads to $(readlink "$fd")" ;;
        esac
      done
      for n in 3 4 5 6 7 8 9 10; do
        if [ -e /proc/self/fd/$n/../../../../etc/hostname ]; then hole "descriptor $n is a directory"; fi
      done
      denied "overwrite init through PID 1" sh -c 'echo x > /proc/1/exe'`,
  }),
  fromInside({
    name: 'no other session’s secret is anywhere in the sandbox',
    area,
    must: 'Neither environments nor arguments nor files hold the secret of a session next door.',
    script: `
      cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/self/mountinfo 2>/dev/null | tr '\\0' '\\n' | rev > /tmp/all
      grep -rhs 'sk-obviously-fake-secret-of' /workspace /home /tmp /run /etc 2>/dev/null | rev >> /tmp/all
      cat /tmp/all`,
    holds: ({ log }) =>
      wrongIn([!log.includes(backwards(VICTIM_SECRET)), 'the victim’s secret is in the attacker’s log']),
  }),
];
