# Inside the image: builds a target, looks for inputs that break it for some seconds, and says what it went through.
set -eu
name=$1 seconds=$2
sh /src/targets/build.sh "$name"
# An input that hangs for 10 s or takes 1 GiB breaks it, too. What was found before is tried first.
LLVM_PROFILE_FILE="/out/$name.profraw" "/out/$name" -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=1024 \
  -print_final_stats=1 -verbosity=1 -artifact_prefix="/out/$name-" "/out/corpus-$name" "/out/found-$name"
llvm-profdata merge -o "/out/$name.profdata" "/out/$name.profraw"
llvm-cov report "/out/$name" -instr-profile="/out/$name.profdata" -use-color=0 -ignore-filename-regex='/src/targets/'
