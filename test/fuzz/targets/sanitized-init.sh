# Inside the image: builds the whole of init with sanitizers into $1/tools, a directory of the host under its own name. The
# C library and the loader go with it, so that it runs on a host that has another one.
set -eu
out=$1
mkdir -p "$out/tools/bin" "$out/lib"
cd /src/init
clang -g -O1 -std=c11 -D_GNU_SOURCE -fno-omit-frame-pointer -fno-sanitize-recover=all -fsanitize=address,undefined \
  ./*.c -Wl,--dynamic-linker="$out/lib/loader" -Wl,-rpath,"$out/lib" -o "$out/tools/bin/init"
ln -s init "$out/tools/bin/git-credential-daypass"
for library in libc.so.6 libm.so.6 libgcc_s.so.1 libresolv.so.2; do
  cp "$(clang -print-file-name=$library)" "$out/lib/" 2>/dev/null || cp /lib/*-linux-gnu/$library "$out/lib/"
done
cp /lib64/ld-linux-*.so.* "$out/lib/loader" 2>/dev/null || cp /lib/ld-linux-*.so.* "$out/lib/loader"
chmod -R a+rX "$out/tools" "$out/lib"
