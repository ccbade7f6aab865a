/*
 * The gateway's own program, on the internet of `internet.ts` instead of the real one: what it asks the resolver and which
 * public addresses it dials is answered here. Everything else of it, and all addresses of this machine, are as they are.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net, { type Socket, type TcpNetConnectOpts } from 'node:net';
import { isPublicAddress } from '../../../src/egress/public-address.ts';
import { addressesOf, note, table, TableResolver } from './internet-names.ts';

const lookup = async (name: string, options?: { all?: boolean }): Promise<unknown> => {
  const all = addressesOf(name, true).map((address) => ({ address, family: net.isIP(address) }));
  return options?.all === true ? all : all[0];
};
const connect = net.connect;
const connectHere = (options: TcpNetConnectOpts, ...rest: (() => void)[]): Socket => {
  if (typeof options !== 'object' || options.host === undefined) return connect(options, ...rest);
  note({ what: 'dialled', of: `${options.host}:${options.port}` });
  const leadsOut = isPublicAddress(options.host);
  return connect(leadsOut ? { ...options, host: '127.0.0.1', port: table().port } : options, ...rest);
};

Object.assign(dns.promises, { lookup, Resolver: TableResolver });
Object.assign(net, { connect: connectHere });
syncBuiltinESMExports();

await import('../../../src/egress/main.ts');
