import { readdir } from 'node:fs/promises';
import { wrongIn, type Attack } from '../../attack.ts';
import { attackFromInside, fromInside } from '../../rig/from-inside.ts';
import { PUBLIC_ADDRESS, PUBLIC_GREETING } from '../../rig/internet.ts';

const area = 'network';

/** Bending the protocol of the way out, and wearing it down. */
export const PROTOCOL: Attack[] = [
  fromInside({
    name: 'a second request cannot be smuggled behind an allowed one',
    area,
    must: 'Two framings, pipelining and stray line breaks are refused, or the hidden request never arrives.',
    request: { network: { allow: ['smuggle.attacker.test:80'] } },
    script: async ({ internet }) => {
      await internet.serve('smuggle.attacker.test', [PUBLIC_ADDRESS]);
      return `weapon <<'PY'
from weapon import *
HIDDEN = b"GET http://smuggle.attacker.test/smuggled HTTP/1.1\\r\\nHost: inside.test\\r\\n\\r\\n"
for request in (
    b"POST http://smuggle.attacker.test/a HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 6\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n" + HIDDEN,
    b"POST http://smuggle.attacker.test/b HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\nTransfer-Encoding: identity\\r\\n\\r\\n0\\r\\n\\r\\n" + HIDDEN,
    b"POST http://smuggle.attacker.test/c HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\nContent-Length: 60\\r\\n\\r\\n" + HIDDEN,
    b"GET http://smuggle.attacker.test/d HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding:\\x0bchunked\\r\\n\\r\\n" + HIDDEN,
    b"GET http://smuggle.attacker.test/e HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n" + HIDDEN,
    b"GET http://smuggle.attacker.test/f HTTP/1.1\\nHost: x\\n\\n" + HIDDEN,
):
    print(at_gateway(request, 2).split("\\r\\n")[0])
PY`;
    },
    holds: (_outcome, { internet }) => {
      const hidden = internet.requests().filter(({ url }) => url.includes('smuggled'));
      return wrongIn([hidden.length === 0, `arrived: ${JSON.stringify(hidden)}`]);
    },
  }),
  fromInside({
    name: 'line breaks and oddities in CONNECT are refused',
    area,
    must: 'Nothing but HOST:PORT is dialled, and nothing of it gets into the gateway’s log as a line of its own.',
    script: `weapon <<'PY'
from weapon import *
for authority in (b"127.0.0.1:80\\r\\nX: y", b"evil.test:80\\nGET / HTTP/1.1", b"evil.test\\0.allowed.test:80", b"user:pass@evil.test:80", b"evil.test:80/path",
                  b"evil.test:99999", b"evil.test:-1", b"evil.test:0", b"evil.test:0x50", b":80", b"evil.test", b"http://evil.test:80", b"[::1:80", b"evil.test:80#x", b"\\xff\\xfe:80",
                  b"xn--evil-.test:80", b"evil%2etest:80", b"evil.test.:80"):
    answer = at_gateway(b"CONNECT " + authority + b" HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    if answer.split(" ")[1:2] not in (["400"], ["403"]):
        hole(f"{authority!r}: {answer[:100]!r}")
PY`,
    holds: (_outcome, arena) => wrongIn([arena.errorLines().length === 0, arena.errorLines().join('; ').slice(0, 500)]),
  }),
  fromInside({
    name: 'the Host header cannot name another host than the one that was decided on',
    area,
    must: 'The allowed host’s server sees its own name, whatever the client wrote.',
    request: { network: { allow: ['front.attacker.test:80'] } },
    script: async ({ internet }) => {
      await internet.serve('front.attacker.test', [PUBLIC_ADDRESS]);
      return `
        curl -s -m 5 --proxy http://127.0.0.1:3128 -H 'Host: hidden-service.test' http://front.attacker.test/fronted | grep -q '${PUBLIC_GREETING}' || echo refused
        weapon <<'PY'
from weapon import *
at_gateway(b"GET http://front.attacker.test/fronted HTTP/1.1\\r\\nHost: front.attacker.test\\r\\nHost: hidden-service.test\\r\\nX-Forwarded-Host: y\\r\\n\\r\\n", 2)
PY`;
    },
    holds: (_outcome, { internet }) => {
      const fronted = internet
        .requests()
        .filter(({ url, host }) => url === '/fronted' && host !== 'front.attacker.test');
      return wrongIn([fronted.length === 0, `another host was named: ${JSON.stringify(fronted)}`]);
    },
  }),
  fromInside({
    name: 'headers and bodies without an end are cut off',
    area,
    must: 'A megabyte of headers is refused, and the gateway serves on.',
    script: `weapon <<'PY'
from weapon import *
for request in (b"GET http://a.test/ HTTP/1.1\\r\\nX: " + b"a" * (1 << 20) + b"\\r\\n\\r\\n", b"GET http://a.test/" + b"a" * (1 << 20) + b" HTTP/1.1\\r\\n\\r\\n",
                b"GET http://a.test/ HTTP/1.1\\r\\n" + b"X: y\\r\\n" * 100_000 + b"\\r\\n", b"CONNECT " + b"a" * (1 << 20) + b":80 HTTP/1.1\\r\\n\\r\\n",
                b"\\x16\\x03\\x01\\x02\\0" + b"\\0" * 512, bytes(range(256)) * 4096, b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n", b"\\r\\n" * 100_000):
    answer = at_gateway(request, 3)
    if answer and answer.split(" ")[1:2] not in (["400"], ["403"], ["431"], ["414"]):
        hole(answer[:200])
PY
      git ls-remote origin > /dev/null || hole "the way out is shut afterwards"`,
  }),
  fromInside({
    name: 'six hundred connections that say nothing do not block a neighbour’s',
    area,
    must: 'The flooder’s own socket has a limit, the silent ones are closed in time, everybody else clones.',
    alone: true,
    script: `weapon <<'PY'
from weapon import *
kept = []
for number in range(600):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(2)
    try:
        connection.connect(GATEWAY)
        connection.sendall(b"GET http://a.test/ HTTP/1.1\\r\\nX-Slow: ")
        kept.append(connection)
    except OSError:
        pass
print(f"opened={len(kept)}", flush=True)
until = time.monotonic() + 3
while time.monotonic() < until:
    for connection in kept:
        try:
            connection.sendall(b"a")
        except OSError:
            pass
    time.sleep(0.5)
PY
      tries=0
      until git ls-remote origin > /dev/null 2>&1; do
        tries=$((tries + 1)); [ "$tries" -lt 150 ] || { hole "its own way out is shut for good"; break; }; sleep 0.2
      done`,
  }),
  fromInside({
    name: 'three thousand connections in a row leave the gateway as it was',
    area,
    must: 'Each is answered or refused, and none is kept.',
    alone: true,
    script: `weapon <<'PY'
from weapon import *
from concurrent.futures import ThreadPoolExecutor
until = time.monotonic() + 12
def one(number):
    if time.monotonic() > until:
        return 0
    try:
        return 1 if " 403 " in at_gateway(b"CONNECT stolen.test:443 HTTP/1.1\\r\\nHost: stolen.test\\r\\n\\r\\n", 5) else 0
    except OSError:
        return 0
with ThreadPoolExecutor(32) as pool:
    refused = sum(pool.map(one, range(3_000)))
print(f"refused={refused}", flush=True)
PY
      git ls-remote origin > /dev/null || hole "the way out is shut afterwards"`,
    holds: ({ log }) => wrongIn([/^refused=[1-9]/m.test(log), 'no connection was decided on at all']),
  }),
  {
    name: 'a neighbour’s way out is not the attacker’s, and ends with its session',
    area,
    must: 'A sandbox has one socket, and when its session is over nothing listens there.',
    async run(arena, underWay) {
      const { outcome } = await attackFromInside(
        arena,
        { script: 'ls -la /run/daypass; cat /proc/net/unix' },
        underWay,
      );
      const gateways = await readdir(`${arena.stack.dir}/run/gateways`);
      const mine = outcome.session.container?.id ?? '';
      return wrongIn(
        [!outcome.log.includes(arena.victim.sandboxId), 'the victim’s sandbox is named inside the attacker’s'],
        [gateways.includes(arena.victim.sandboxId), 'the victim has no way out any more'],
        [!gateways.includes(mine), 'the attacker’s way out is still there'],
      );
    },
  },
];
