/*
 * The gateway's own program, on the internet of `internet.ts` instead of the real one: what it asks the resolver and which
 * public addresses it dials is answered here. Everything else of it, and all addresses of this machine, are as they are.
 */
import dns from 'node:dns';
import { appendFileSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net, { type Socket, type TcpNetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { isPublicAddress } from '../../../src/egress/public-address.ts';
import { INTERNET_DIR_VARIABLE, type InternetTable, type JournalEntry } from './internet.ts';

const dir = process.env[INTERNET_DIR_VARIABLE] ?? '';
const asked = new Map<string, number>();

function table(): InternetTable {
  return JSON.parse(readFileSync(join(dir, 'table.json'), 'utf8')) as InternetTable;
}

function note(entry: JournalEntry): void {
  appendFileSync(join(dir, 'journal'), `${JSON.stringify(entry)}\n`);
}

function addressesOf(name: string): string[] {
  if (net.isIP(name) !== 0) return [name];
  note({ what: 'asked', of: name });
  const answers = table().names[name.toLowerCase()] ?? [];
  const times = asked.get(name) ?? 0;
  asked.set(name, times + 1);
  const found = answers[Math.min(times, answers.length - 1)];
  if (found === undefined) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
  return found;
}

const lookup = async (name: string, options?: { all?: boolean }): Promise<unknown> => {
  const all = addressesOf(name).map((address) => ({ address, family: net.isIP(address) }));
  return options?.all === true ? all : all[0];
};
const connect = net.connect;
const connectHere = (options: TcpNetConnectOpts, ...rest: (() => void)[]): Socket => {
  if (typeof options !== 'object' || options.host === undefined) return connect(options, ...rest);
  note({ what: 'dialled', of: `${options.host}:${options.port}` });
  const leadsOut = isPublicAddress(options.host);
  return connect(leadsOut ? { ...options, host: '127.0.0.1', port: table().port } : options, ...rest);
};

Object.assign(dns.promises, { lookup });
Object.assign(net, { connect: connectHere });
syncBuiltinESMExports();

await import('../../../src/egress/main.ts');
