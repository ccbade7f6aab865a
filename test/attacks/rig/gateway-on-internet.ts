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

/** What the table says now; each question that is a new one takes the next answer. */
function addressesOf(name: string, isNewQuestion: boolean): string[] {
  if (net.isIP(name) !== 0) return [name];
  if (isNewQuestion) {
    note({ what: 'asked', of: name });
    asked.set(name, (asked.get(name) ?? 0) + 1);
  }
  const answers = table().names[name.toLowerCase()] ?? [];
  const found = answers[Math.min(asked.get(name) ?? 1, answers.length) - 1];
  if (found === undefined) throw Object.assign(new Error(`no address of ${name}`), { code: 'ENOTFOUND' });
  return found;
}

/** As `dns.promises.Resolver` is used: for both kinds of addresses, one after the other. */
class TableResolver {
  async resolve4(name: string): Promise<string[]> {
    return addressesOf(name, true).filter((address) => net.isIPv4(address));
  }

  async resolve6(name: string): Promise<string[]> {
    return addressesOf(name, false).filter((address) => net.isIPv6(address));
  }

  cancel(): void {}
}

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
