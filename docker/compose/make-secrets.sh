#!/bin/sh
# Makes the secrets that are missing in /secrets, each readable by its role's user and by the group of that directory. What
# is there stays. Run by: docker compose run --rm make-secrets
set -eu
umask 077
group="$(stat -c %g /secrets)"

random() { head -c "$1" /dev/urandom | base64 -w 0; }
# Where a key stands in an HTTP header, only what needs no escaping there.
key() { printf '%s%s' "$1" "$(random 24 | tr '+/' '-_')"; }

# put NAME UID: writes standard input, whole or not at all.
put() {
  [ ! -e "/secrets/$1" ] || { echo "secrets/$1 is there already"; return 0; }
  cat > "/secrets/$1.new"
  chown "$2:$group" "/secrets/$1.new"
  chmod 0440 "/secrets/$1.new"
  mv "/secrets/$1.new" "/secrets/$1"
  echo "made secrets/$1"
}

printf 'operator:%s\n' "$(key dp_)" | put api-keys 7003
# The first of them by itself: for scripts, and for `docker compose exec api daypass`.
cut -d, -f1 /secrets/api-keys | cut -d: -f2 | put api-key 7003
printf '%s\n' "$(key dpg_)" | put git-host-keys 7002
# The minter's account at the repo host. With a hosted one, put its key here yourself.
cut -d, -f1 /secrets/git-host-keys | put relace-api-key 7004
# In a directory of its own, since `daypass keys rotate` replaces the file.
mkdir -p /secrets/seal
printf 'k1:%s\n' "$(random 32)" | put seal/seal-keys 7004
chmod 0600 /secrets/seal/seal-keys
chown 7004:"$group" /secrets/seal
chmod 0750 /secrets/seal
