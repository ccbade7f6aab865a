import { order } from '../../src/runtime/orders.ts';
import { dnsQuery, TYPE, withLength } from '../support/dns-client.ts';

/** What each target's search begins with: one of every kind that it reads. */
export const SEEDS: Record<string, (Uint8Array | string)[]> = {
  dns: [
    withLength(dnsQuery('api.example.com', TYPE.A, { edns: 0 })),
    withLength(dnsQuery('4.3.64.127.in-addr.arpa', TYPE.PTR)),
    Buffer.concat(['a.b', 'c.d', 'e.f', 'g.h', 'i.j', 'A.b'].map((name) => withLength(dnsQuery(name)))),
  ],
  orders: [
    order.env({ HOME: '/home/agent', PATH: '/bin' }),
    order.agentEnv({ FROM_REQUEST: 'r' }),
    order.stdin(4, Buffer.from('bytes\0of any kind')),
    order.forward({ address: '127.0.0.1', port: 3128 }, null),
    order.forward({ address: '127.0.1.1', port: 80 }, { host: 'git.example', port: 80 }),
    order.names({ address: '127.0.0.1', port: 53 }, [443, 80, 8443]),
    order.step('clone', '/', ['git', 'clone']),
    order.agent('/', ['sh', '-c', 'true']),
    order.watchdog(3_600, 10),
    order.stored(0),
    order.stop('TERM'),
    order.quit(),
  ],
  environment: [
    'PATH=/usr/local/go/bin:/bin\0JAVA_HOME=/java\0',
    'LD_PRELOAD=x\0GIT_DIR=y\0https_proxy=z\0RELACE_KEY=1',
  ],
  gateway_answer: [
    'HTTP/1.1 200 Connection Established\r\n\r\nfirst words',
    'HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno',
  ],
  credential: [
    'protocol=http\nhost=127.0.0.1:7080\nwwwauth[]=Basic realm="x"\n\n',
    'protocol=https\nhost=example.com\n',
  ],
  listen: ['443\0x\0api.example.com', '127.0.0.1\x0053\0app.localhost', '0x7f.1\0', '65536\0'],
};
