import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { dial } from '../../src/egress/dial.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { realSandbox, type RealSandbox } from '../support/real-sandbox.ts';
import { ensureTestImage } from '../support/test-image.ts';
import { gatewayRig, type GatewayRig } from './support/rig.ts';
import { HOSTS, toolServer } from './tool-server.ts';

const docker = connectDocker(process.env['DOCKER_HOST']);
const PUBLIC = '93.184.215.14';
const UNSET = 'unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY no_proxy NO_PROXY NODE_USE_ENV_PROXY';

/** What each tool is asked to do, and the host that it fetches from. Each ends by printing the package's own words. */
const TOOLS: Record<string, string> = {
  curl: 'curl -sS --fail https://files.example.test/hello.txt',
  git: 'git clone -q https://git.example.test/probe.git && cat probe/README.md && git -C probe fetch -q origin',
  npm: 'npm install --silent --registry https://npm.example.test/ probe && node -p "require(\'probe\')"',
  pip: 'pip install -q --no-deps --target lib --index-url https://pypi.example.test/simple/ probe && python3 -c "import sys; sys.path = [\'lib\'] + sys.path; import probe; print(probe.TEXT)"',
  apt: `mkdir -p state/lists/partial cache/archives/partial && echo 'deb [trusted=yes] https://deb.example.test ./' > sources.list
    opts="-qq -o Dir::Etc::sourcelist=$PWD/sources.list -o Dir::Etc::sourceparts=- -o Dir::State=$PWD/state -o Dir::State::status=/dev/null -o Dir::Cache=$PWD/cache"
    touch state/status && apt-get $opts update && apt-get $opts download probe && dpkg-deb --fsys-tarfile probe_*.deb | tar -xO ./usr/share/probe/text`,
  go: `export GOPROXY=https://go.example.test GONOSUMDB='*' GOSUMDB=off GOFLAGS=-mod=mod
    printf 'module main\\n\\ngo 1.19\\n' > go.mod && go get go.example.test/probe@latest && grep -h Text $(go env GOMODCACHE)/go.example.test/probe@*/probe.go`,
  cargo: `export CARGO_HOME=$PWD/cargo CARGO_REGISTRIES_PROBE_INDEX=sparse+https://index.example.test/
    mkdir src && echo > src/lib.rs && printf '[package]\\nname = "main"\\nversion = "1.0.0"\\nedition = "2021"\\n[dependencies]\\nprobe = { version = "1", registry = "probe" }\\n' > Cargo.toml
    cargo fetch -q && cat cargo/registry/src/*/probe-1.0.0/src/lib.rs`,
  'Node’s fetch': `node -e 'fetch("https://files.example.test/hello.txt").then(async (answer) => console.log(await answer.text()))'`,
  'Python’s urllib': `python3 -c 'import urllib.request as u; print(u.urlopen("https://files.example.test/hello.txt").read().decode())'`,
  'Python’s requests': `python3 -c 'import requests; print(requests.get("https://files.example.test/hello.txt").text)'`,
};

let image: string;
beforeAll(async () => {
  image = await ensureTestImage(docker, fileURLToPath(new URL('../support/images/tools/', import.meta.url)));
}, 600_000);

/** A sandbox of the image with the tools. Every allowed name leads to one local server, at an address that is public. */
async function sandbox(allow: string[]): Promise<{ gateway: GatewayRig; sandbox: RealSandbox }> {
  const port = await toolServer(docker, image);
  const gateway = await gatewayRig({
    repoPort: 1,
    resolve: async () => [PUBLIC],
    dial: () => dial(['127.0.0.1'], port),
  });
  await gateway.start();
  const repoOrigin = 'http://127.0.0.1:1';
  return { gateway, sandbox: await realSandbox({ gateway, repoOrigin, image, allow, pids: 512, memoryMb: 2048 }) };
}

test.each([
  { what: 'no proxy variables', before: UNSET },
  { what: 'the proxy variables that are set', before: 'true' },
])(
  'curl, git, npm, pip, apt, go, cargo, Node and Python fetch through the gateway with $what',
  async ({ before }) => {
    const { gateway, sandbox: made } = await sandbox(HOSTS);
    const script = Object.entries(TOOLS).map(
      ([name, commands]) =>
        `(rm -rf /workspace/it && mkdir /workspace/it && cd /workspace/it && ${commands}) || echo "${name} failed"; echo "-- ${name}"`,
    );
    const { stdout, stderr } = await made.run(['bash', '-c', [before, ...script].join('\n')]);
    const answers = stdout.split(/^-- .*\n/m).slice(0, -1);
    const words = ['a file', 'git', 'npm', 'pip', 'apt', 'go', 'cargo', 'a file', 'a file', 'a file'];
    const said = answers.map((text) => /hello from [\w ]+/.exec(text)?.[0] ?? `${text}${stderr}`);
    expect(said).toEqual(words.map((word) => `hello from ${word}`));
    const decided = await gateway.decisions(made.id);
    expect(new Set(decided.map(({ host }) => host))).toEqual(new Set(HOSTS));
    expect(new Set(decided.map(({ port, verdict }) => `${port} ${verdict}`))).toEqual(new Set(['443 allowed']));
  },
  120_000,
);

/** A reset comes before, in or after a client's first words; each has its own name for that. */
const CUT = /reset by peer|SSL_ERROR_SYSCALL|unexpected eof|Failed to connect/;

test('what is not on the list is refused within a moment, and the gateway knows the name', async () => {
  const { gateway, sandbox: made } = await sandbox(['files.example.test']);
  const script = `${UNSET}
    curl -sS https://evil.example.test/ 2>&1 | tail -n 1
    git clone -q https://git.example.test/probe.git /tmp/probe 2>&1 | tail -n 1
    python3 -c 'import urllib.request as u; u.urlopen("http://files.example.test/")' 2>&1 | tail -n 1
    node -e 'fetch("https://npm.example.test/").catch((error) => console.log(error.cause.code))'
    getent ahosts files.example.test | awk '{ print $1 }' | sort -u | wc -l`;
  const { stdout } = await made.run(['bash', '-c', script]);
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(CUT),
    expect.stringMatching(new RegExp(`unable to access .*(${CUT.source})`, 'i')),
    expect.stringContaining('Connection reset by peer'),
    'ECONNRESET',
    '1',
    '',
  ]);
  const decided = await gateway.decisions(made.id);
  expect(decided.map(({ host, port, verdict }) => [host, port, verdict])).toEqual([
    ['evil.example.test', 443, 'refused'],
    ['git.example.test', 443, 'refused'],
    ['files.example.test', 80, 'refused'],
    ['npm.example.test', 443, 'refused'],
  ]);
});
