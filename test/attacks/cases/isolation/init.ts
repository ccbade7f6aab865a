import { wrongIn, type Attack } from '../../attack.ts';
import { fromInside } from '../../rig/from-inside.ts';

const area = 'isolation';

/** Our own program in the sandbox, and what an image can ask for. */
export const INIT: Attack[] = [
  fromInside({
    name: 'init takes no orders from the agent, and shows it no reports',
    area,
    must: 'Its directory is closed: no listing, no socket, no file.',
    script: `
      denied "listing" ls /run/daypass-init/
      for name in orders.sock reports marker; do
        denied "look at $name" stat /run/daypass-init/$name
        denied "write $name" sh -c "echo x >> /run/daypass-init/$name"
      done
      denied "open its permissions" chmod 777 /run/daypass-init
      weapon <<'PY'
from weapon import *
denied("orders", lambda: socket.socket(socket.AF_UNIX).connect("/run/daypass-init/orders.sock"))
PY`,
  }),
  fromInside({
    name: 'an exit cannot be forged by printing what init would report',
    area,
    must: 'Frames of init’s own protocol in the agent’s output stay text, and the exit is the agent’s own.',
    ends: 'failed',
    script: `
      for stream in 1 2; do
        printf 'X\\0\\0\\0\\0020\\0Z\\0\\0\\0\\0020\\0{"kind":"exit","code":0}\\nG\\0\\0\\0\\0' >&$stream
        head -c 4096 /dev/urandom >&$stream
      done
      exit 7`,
    holds: ({ session }) => wrongIn([session.exitCode === 7, `the exit is ${session.exitCode} and not the agent’s 7`]),
  }),
  fromInside({
    name: 'an end from outside cannot be forged by a full queue of signals',
    area,
    must: 'Signals whose words the kernel would drop do not reach init, and the exit is the agent’s own.',
    ends: 'failed',
    script: `
      weapon <<'PY'
from weapon import *
import os, signal, struct
number = int(signal.SIGRTMIN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
word = lambda sent: struct.pack("iiiiQ", sent, 0, -1, 0, 7).ljust(128, b"\\0")
try:
    for _ in range(200_000): call(129, os.getpid(), number, word(number))
except OSError: pass
for name, tried in (("rt_sigqueueinfo", (129, 1, 15, word(15))), ("rt_tgsigqueueinfo", (297, 1, 1, 15, word(15))), ("tgkill", (234, 1, 1, 15)), ("tkill", (200, 1, 15))):
    denied(name, lambda: call(*tried))
PY
      exit 7`,
    holds: ({ session }) =>
      wrongIn([session.exitCode === 7 && session.failure === null, `it ended by ${JSON.stringify(session.failure)}`]),
  }),
  fromInside({
    name: 'killing the forwarders and helpers of the sandbox harms only the moment',
    area,
    must: 'They come back, and git works again.',
    script: `
      for pid in $(ls /proc | grep -E '^[0-9]+$'); do
        [ "$pid" = 1 ] || [ "$pid" = $$ ] || [ "$pid" = "$PPID" ] || kill -9 "$pid" 2>/dev/null
      done
      tries=0
      until git ls-remote origin > /dev/null 2>&1; do
        tries=$((tries + 1)); [ "$tries" -lt 100 ] || { hole "git never worked again"; break; }; sleep 0.1
      done`,
  }),
  fromInside({
    name: 'an image cannot choose user, entry point, health check or volumes',
    area,
    must: 'The command runs as uid 1000 by our init, nothing of the image runs besides, and a volume is no place on the host’s disk.',
    request: ({ image }) => ({ image: image.name }),
    script: `
      [ "$(id -u):$(id -g)" = 1000:1000 ] || hole "runs as $(id)"
      [ "$(/usr/local/bin/root-shell -p -c 'id -u')" = 1000 ] || hole "the image's setuid shell is root"
      [ -e /tmp/entrypoint-ran ] && hole "its entry point ran"
      tr '\\0' ' ' < /proc/1/cmdline | grep -q '^/opt/daypass/bin/init' || hole "PID 1 is $(tr '\\0' ' ' < /proc/1/cmdline)"
      for dir in /escape /var/lib/evil; do
        [ ! -w "$dir" ] || [ "$(stat -f -c %T "$dir")" = tmpfs ] || hole "the volume at $dir is on the host's disk"
        dd if=/dev/zero of="$dir/fill" bs=1M count=400 2> /dev/null && hole "the volume at $dir has no bound"
      done
      sleep 2
      if [ -e /tmp/health-check-ran ]; then hole "its health check ran"; fi`,
  }),
  fromInside({
    name: 'variables of an image cannot get between the agent, its token and git',
    area,
    must: 'Loader, token, session, git and proxy variables of the image are gone or replaced.',
    request: ({ image }) => ({ image: image.name }),
    script: `
      for name in LD_PRELOAD LD_LIBRARY_PATH GIT_EXEC_PATH GIT_SSH_COMMAND GIT_CONFIG_COUNT; do
        eval "value=\\\${$name-}"; case "$value" in *escape*|1) hole "$name=$value" ;; esac
      done
      [ "$REPO_TOKEN" != of-the-image ] || hole "the image's token"
      [ "$DAYPASS_SESSION_ID" != of-the-image ] || hole "the image's session"
      case "\${HTTPS_PROXY-}" in *10.0.0.1*) hole "the image's proxy" ;; esac
      tr '\\0' '\\n' < /proc/1/environ 2>/dev/null | grep escape | sed 's/^/HOLE: /'
      git ls-remote origin > /dev/null || hole "git does not reach its repo"`,
  }),
];
