# One package called `probe` for every package manager, each below the name of the host that serves it.
set -eu
base=/opt/served/hosts
work=$(mktemp -d)

host() { mkdir -p "$base/$1.example.test/${2:-}" && cd "$base/$1.example.test"; }

host files
echo 'hello from a file' > hello.txt

# git
host git
git init -q -b main "$work/repo"
cd "$work/repo"
echo 'hello from git' > README.md
git add . && git -c user.name=Probe -c user.email=probe@example.test commit -qm 'The first commit'
git clone -q --bare . "$base/git.example.test/probe.git"

# npm: a document with the tarball's address and hash
host npm probe/-
mkdir -p "$work/npm/package"
echo '{"name":"probe","version":"1.0.0","main":"index.js"}' > "$work/npm/package/package.json"
echo 'module.exports = "hello from npm";' > "$work/npm/package/index.js"
tar -czf probe/-/probe-1.0.0.tgz -C "$work/npm" package
integrity="sha512-$(openssl dgst -sha512 -binary probe/-/probe-1.0.0.tgz | openssl base64 -A)"
cat > probe/index.html <<END
{"name":"probe","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"probe","version":"1.0.0","dist":{
"tarball":"https://npm.example.test/probe/-/probe-1.0.0.tgz","integrity":"$integrity"}}}}
END

# pip: the simple index and a wheel
host pypi simple/probe
mkdir -p "$work/wheel/probe-1.0.0.dist-info"
echo 'TEXT = "hello from pip"' > "$work/wheel/probe.py"
printf 'Metadata-Version: 2.1\nName: probe\nVersion: 1.0.0\n' > "$work/wheel/probe-1.0.0.dist-info/METADATA"
printf 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n' \
  > "$work/wheel/probe-1.0.0.dist-info/WHEEL"
printf 'probe.py,,\nprobe-1.0.0.dist-info/METADATA,,\nprobe-1.0.0.dist-info/WHEEL,,\nprobe-1.0.0.dist-info/RECORD,,\n' \
  > "$work/wheel/probe-1.0.0.dist-info/RECORD"
(cd "$work/wheel" && zip -qrD "$base/pypi.example.test/simple/probe/probe-1.0.0-py3-none-any.whl" .)
echo '<a href="probe-1.0.0-py3-none-any.whl">probe-1.0.0-py3-none-any.whl</a>' > simple/probe/index.html

# apt: a flat repository
host deb
mkdir -p "$work/deb/DEBIAN" "$work/deb/usr/share/probe"
printf 'Package: probe\nVersion: 1.0.0\nArchitecture: all\nMaintainer: Probe <probe@example.test>\nDescription: a probe\n' \
  > "$work/deb/DEBIAN/control"
echo 'hello from apt' > "$work/deb/usr/share/probe/text"
dpkg-deb --build --root-owner-group "$work/deb" probe_1.0.0_all.deb
dpkg-scanpackages . > Packages

# go: a module proxy
host go go.example.test/probe/@v
root=go.example.test/probe@v1.0.0
mkdir -p "$work/go/$root"
printf 'module go.example.test/probe\n\ngo 1.19\n' > "$work/go/$root/go.mod"
printf 'package probe\n\nconst Text = "hello from go"\n' > "$work/go/$root/probe.go"
(cd "$work/go" && zip -qrD "$base/go.example.test/go.example.test/probe/@v/v1.0.0.zip" go.example.test)
cp "$work/go/$root/go.mod" go.example.test/probe/@v/v1.0.0.mod
echo '{"Version":"v1.0.0","Time":"2026-01-01T00:00:00Z"}' > go.example.test/probe/@v/v1.0.0.info
echo v1.0.0 > go.example.test/probe/@v/list

# cargo: a sparse index, and the crates from another host
host crates
mkdir -p "$work/probe-1.0.0/src"
printf '[package]\nname = "probe"\nversion = "1.0.0"\nedition = "2021"\n' > "$work/probe-1.0.0/Cargo.toml"
echo 'pub const TEXT: &str = "hello from cargo";' > "$work/probe-1.0.0/src/lib.rs"
tar -czf probe-1.0.0.crate -C "$work" probe-1.0.0
checksum=$(sha256sum probe-1.0.0.crate | cut -d' ' -f1)
host index pr/ob
echo '{"dl":"https://crates.example.test/{crate}-{version}.crate"}' > config.json
echo "{\"name\":\"probe\",\"vers\":\"1.0.0\",\"deps\":[],\"cksum\":\"$checksum\",\"features\":{},\"yanked\":false}" > pr/ob/probe

rm -rf "$work"
chmod -R a+rX /opt/served
