import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Set for the gateway: the directory in which `table.json` is read and `journal` is written. */
export const INTERNET_DIR_VARIABLE = 'ATTACKS_INTERNET_DIR';

/** Addresses of each name: the first list for the first question, the last one for all that come after. */
export interface InternetTable {
  names: Record<string, string[][]>;
  /** Where the addresses of this internet are really served. */
  port: number;
}

export interface JournalEntry {
  /** `asked` for a name's addresses, or `dialled` an address. */
  what: 'asked' | 'dialled';
  /** The name or `ADDRESS:PORT`. */
  of: string;
}

/**
 * The internet as the gateway sees it, made of a table and one server: names resolve to what the table says, public addresses
 * lead to the server. Nothing that a test does leaves the machine, and every question and every connection is written down.
 */
export interface Internet extends AsyncDisposable {
  /** Settings for a gateway that is started by `gateway-on-internet.ts`. */
  readonly settings: Record<string, string>;
  /** Adds a name. */
  serve(name: string, ...answers: string[][]): Promise<void>;
  journal(): Promise<JournalEntry[]>;
  /** How often the server was sent something else than HTTP, such as the beginning of TLS. */
  strangeBytes(): number;
  /** The requests that reached the server. */
  requests(): { host: string; url: string; headers: IncomingHttpHeaders }[];
}

/** A public address of nobody that is asked here: all of them lead to the one server. */
export const PUBLIC_ADDRESS = '93.184.216.34';
export const PUBLIC_GREETING = 'hello from the internet';

export async function startInternet(): Promise<Internet> {
  const dir = await mkdtemp(join(tmpdir(), 'dp-internet-'));
  const requests: ReturnType<Internet['requests']> = [];
  const server = createServer((req, res) => {
    requests.push({ host: req.headers.host ?? '', url: req.url ?? '', headers: req.headers });
    const target = new URL(req.url ?? '/', 'http://internet.invalid').searchParams.get('redirect');
    if (target === null) return void res.end(`${PUBLIC_GREETING}\n`);
    res.writeHead(302, { location: target }).end();
  });
  let strange = 0;
  server.on('clientError', (_error, socket) => {
    strange++;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const table: InternetTable = { names: {}, port: (server.address() as AddressInfo).port };
  const publish = async (): Promise<void> => {
    await writeFile(join(dir, 'table.new'), JSON.stringify(table));
    await rename(join(dir, 'table.new'), join(dir, 'table.json'));
  };
  await publish();
  await appendFile(join(dir, 'journal'), '');
  return {
    settings: { [INTERNET_DIR_VARIABLE]: dir },
    async serve(name, ...answers) {
      table.names[name] = answers;
      await publish();
    },
    async journal() {
      const lines = (await readFile(join(dir, 'journal'), 'utf8')).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as JournalEntry);
    },
    strangeBytes: () => strange,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
