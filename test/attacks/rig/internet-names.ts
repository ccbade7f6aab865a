import { appendFileSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { INTERNET_DIR_VARIABLE, type InternetTable, type JournalEntry } from './internet.ts';

/*
 * What a process sees of the internet of `internet.ts`, once its resolver is this one.
 */

const dir = process.env[INTERNET_DIR_VARIABLE] ?? '';
const asked = new Map<string, number>();

export function table(): InternetTable {
  return JSON.parse(readFileSync(join(dir, 'table.json'), 'utf8')) as InternetTable;
}

export function note(entry: JournalEntry): void {
  appendFileSync(join(dir, 'journal'), `${JSON.stringify(entry)}\n`);
}

/** What the table says now; each question that is a new one takes the next answer. */
export function addressesOf(name: string, isNewQuestion: boolean): string[] {
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
export class TableResolver {
  async resolve4(name: string): Promise<string[]> {
    return addressesOf(name, true).filter((address) => net.isIPv4(address));
  }

  async resolve6(name: string): Promise<string[]> {
    return addressesOf(name, false).filter((address) => net.isIPv6(address));
  }

  cancel(): void {}
}
