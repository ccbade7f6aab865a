import { openGitClient, type GitClient } from '../support/git-client.ts';
import { createEmptyRepo, openTestHost, type TestHost } from '../support/test-host.ts';

export const COMMITS = 12;

/** A host with one repo, and a client that has a clone of it. */
export interface FeatureRig extends AsyncDisposable {
  host: TestHost;
  client: GitClient;
  /** The repo that rows of fetches read: `main` with COMMITS commits a day apart, `side`, and two tags. */
  seed: Repo;
  /** A repo of a row's own with the same content, cloned to a directory with the name that is given. */
  fork: (name: string) => Promise<Repo & { git: (...args: string[]) => Promise<string>; try: GitClient['try'] }>;
  /** A name for a directory that no other row has. */
  fresh: () => string;
  /** The packets of a GET of info/refs; a flush is null, a delimiter empty. */
  advertised: (service: 'upload-pack' | 'receive-pack', version: 0 | 1 | 2) => Promise<Packets>;
  /** The packets that answer a command of protocol version 2; the line `delimiter` is a delimiter. */
  command: (lines: string[]) => Promise<Packets>;
  /** Of the seed's repo, with a token of it unless another or none is given. */
  request: (path: string, init?: RequestInit & { token?: string | null }) => Promise<Response>;
}

export interface Repo {
  id: string;
  url: string;
}

type Packets = (string | null)[];

export async function openFeatureRig(): Promise<FeatureRig> {
  await using opening = new AsyncDisposableStack();
  const host = opening.use(await openTestHost());
  const client = opening.use(await openGitClient());
  await seedHistory(client);
  const publish = async (): Promise<Repo & { token: string }> => {
    const id = await createEmptyRepo(host);
    const token = await host.mint({ repo_ids: [id] });
    const url = host.cloneUrl(id, token);
    await client.git(['push', '--quiet', '--mirror', url], { cwd: 'seed' });
    return { id, url, token };
  };
  const seed = await publish();
  let count = 0;

  const request: FeatureRig['request'] = (path, { token = seed.token, headers, ...init } = {}) =>
    fetch(`${host.url}/repo/${seed.id}.git${path}`, {
      ...init,
      headers: { ...(headers as Record<string, string>), ...(token !== null && { authorization: `Bearer ${token}` }) },
    });
  const cleanup = opening.move();
  return {
    host,
    client,
    seed,
    request,
    fresh: () => `fresh-${(count += 1)}`,
    async fork(name) {
      const repo = await publish();
      await client.git(['clone', '--quiet', repo.url, name]);
      return {
        ...repo,
        git: (...args) => client.git(args, { cwd: name }),
        try: (args, options) => client.try(args, { cwd: name, ...options }),
      };
    },
    async advertised(service, version) {
      const headers = version === 0 ? {} : { 'git-protocol': `version=${version}` };
      const response = await request(`/info/refs?service=git-${service}`, { headers });
      return parsePackets(Buffer.from(await response.arrayBuffer()));
    },
    async command(lines) {
      const body = lines.map((line) => (line === 'delimiter' ? '0001' : packet(`${line}\n`))).join('');
      const headers = { 'content-type': 'application/x-git-upload-pack-request', 'git-protocol': 'version=2' };
      const response = await request('/git-upload-pack', { method: 'POST', headers, body: `${body}0000` });
      return parsePackets(Buffer.from(await response.arrayBuffer()));
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

async function seedHistory(client: GitClient): Promise<void> {
  const commits = Array.from({ length: COMMITS }, (_, index) => {
    const content = `line ${index}\n`.repeat(200 * (index + 1));
    const date = Date.UTC(2026, 0, index + 1) / 1_000;
    return (
      `commit refs/heads/main\ncommitter A <a@example.com> ${date} +0000\ndata 4\nwork\n` +
      `M 100644 inline dir/file.txt\ndata ${content.length}\n${content}\n\n`
    );
  });
  await client.git(['init', '--quiet', '--bare', '--initial-branch=main', 'seed']);
  await client.git(['fast-import', '--quiet'], { cwd: 'seed', input: commits.join('') });
  await client.git(['branch', 'side', 'main~3'], { cwd: 'seed' });
  await client.git(['tag', 'light', 'main~5'], { cwd: 'seed' });
  await client.git(['tag', '-a', '-m', 'A release', 'annotated', 'main~4'], { cwd: 'seed' });
}

function packet(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text;
}

/** Reads gitprotocol-common(5)'s pkt-lines. */
function parsePackets(bytes: Buffer): Packets {
  const packets: Packets = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = Number.parseInt(bytes.toString('latin1', at, at + 4), 16);
    if (length < 4) packets.push(length === 0 ? null : '');
    else packets.push(bytes.toString('utf8', at + 4, at + length).replace(/\n$/, ''));
    at += Math.max(length, 4);
  }
  return packets;
}
