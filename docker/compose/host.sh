#!/bin/sh
# host.sh RUN_DIR DISK_DIR TOOLS_DIR: prepares what containers cannot have by themselves, in the host's own view of its mounts,
# and stays to take it away again: the directory in memory where the roles meet, with a place for each; the directory of the
# sandboxes' disks, which must be shared for the engine to see what the warden mounts there; and the one of the programs that
# sandboxes are started with. Needs the host's process ids.
set -eu
run_dir="$1"
disk_dir="$2"
tools_dir="$3"
# The parent is the engine's shim, and sees the host as the engine does. The host's first process may see it otherwise.
engine="/proc/$PPID"

# Runs the host's own programs, with the directories as $1, $2 and $3.
on_host() { nsenter --mount="$engine/ns/mnt" -- /bin/sh -eu -c "$1" host "$run_dir" "$disk_dir" "$tools_dir"; }

# holder PATH FIELD: of the mount that a path of the host lies on: its place, type or source, or whether it is shared.
holder() {
  awk -v path="$1" -v field="$2" '
    $5 == "/" || path == $5 || index(path, $5 "/") == 1 {
      if (length($5) < length(found["place"])) next
      found["place"] = $5
      found["shared"] = $0 ~ / shared:/ ? "yes" : "no"
      for (dash = 7; $dash != "-"; dash++) ;
      found["type"] = $(dash + 1)
      found["source"] = $(dash + 2)
    }
    END { print found[field] }' "$engine/mountinfo"
}

prepare() {
  on_host 'mkdir -p "$1" "$2" "$3"; chmod go+x "$1"; chmod 0700 "$2"; chmod go-w "$3"'
  # Most hosts have /run in memory and share all their mounts: these two lines are for the others.
  [ "$(holder "$run_dir" type)" = tmpfs ] || on_host 'mount -t tmpfs -o nosuid,nodev,mode=0755 daypass "$1"'
  [ "$(holder "$disk_dir" shared)" = yes ] || on_host 'mount --bind "$2" "$2"; mount --make-shared "$2"; touch "$1/shares-disks"'
  # Who writes owns a directory, and who reads is in its group.
  on_host '
    place() { mkdir -p "$1"; chown "$2" "$1"; chmod "$3" "$1"; }
    place "$1/policies" 7006:7105 2750
    place "$1/decisions" 7006:7105 2750
    place "$1/minter" 7004:7103 2750
    place "$1/credentials" 7004:7104 2750
    place "$1/health" 7005:7005 0700'
}

# user: prints what still uses the directories; nothing where they are free. Sandboxes outlive the roles, and roles outlive a
# restart of this program. A sandbox has its way out at /run/daypass, also one of another installation: that is no role.
user() {
  on_host 'for one in "$1"/gateways/* "$2"/sbx_*; do [ ! -e "$one" ] || echo "$one"; done'
  host="$(readlink "$engine/ns/mnt")"
  for process in /proc/[0-9]*; do
    own="$(readlink "$process/ns/mnt")" && [ "$own" != "$host" ] || continue
    awk -v dir="$run_dir" -v process="${process#/proc/}" '
      ($5 == dir || index($5, dir "/") == 1) && $4 !~ "/gateways/[^/]+$" { print "process", process; exit }
    ' "$process/mountinfo" || true
  done 2>/dev/null
}

clear_up() {
  # The kernel takes a moment to forget a process that has just ended.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    user="$(user | head -n 1)"
    [ -n "$user" ] || break
    sleep 0.2
  done
  if [ -n "$user" ]; then
    echo "left as it is: $user still uses $run_dir, $disk_dir or $tools_dir"
    return
  fi
  # Nothing but what was mounted and made here: an operator may have given a disk to any, or a directory with other things.
  on_host '[ ! -e "$1/shares-disks" ] || umount "$2"'
  if [ "$(holder "$run_dir" place)" = "$run_dir" ] && [ "$(holder "$run_dir" source)" = daypass ]; then
    on_host 'umount "$1"'
  else
    on_host 'cd "$1" && rm -rf policies decisions minter credentials health gateways warden memory tools names shares-disks'
  fi
  # The warden names tools by their SHA-256, and what is on its way there or out by a dot.
  on_host '
    for one in "$3"/* "$3"/.tools-* "$3"/.altered-*; do
      name="${one##*/}"
      case "$name" in
        .*) rm -rf "$one" ;;
        *[!0-9a-f]*) ;;
        *) [ "${#name}" != 64 ] || rm -rf "$one" ;;
      esac
    done'
  on_host 'rmdir "$1" "$2" "$3" 2>/dev/null || true'
}

trap 'clear_up; exit 0' TERM INT
prepare
touch /tmp/ready
echo "prepared $run_dir, $disk_dir and $tools_dir"
sleep infinity &
wait
