# Inside the image: builds one target into /out/NAME. Init's sources are at /src/init, the targets at /src/targets.
set -eu
name=$1
cd /src/init
uses=$(sed -n '1s|^/\* uses: *\(.*\)\*/$|\1|p' "/src/targets/$name.c")
# shellcheck disable=SC2086
clang -g -O1 -std=c11 -D_GNU_SOURCE -Wall -Wextra -fno-sanitize-recover=all -fsanitize=fuzzer,address,undefined \
  -fprofile-instr-generate -fcoverage-mapping -I /src/targets -I /src/init -Wl,--wrap=listen_at \
  "/src/targets/$name.c" /src/targets/harness.c $uses -o "/out/$name"
