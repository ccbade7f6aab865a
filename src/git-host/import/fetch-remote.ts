import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GitFailed, runGit } from '../git/run-git.ts';
import { HostError } from '../http/host-error.ts';
import type { RepoPlace } from '../repos/head.ts';
import type { Remote } from './remote.ts';

/** A remote whose addresses were looked up and found to be allowed. */
export interface DialledRemote extends Remote {
  addresses: string[];
}

/**
 * The branch that the remote's HEAD names, such as refs/heads/main, null where it names none; and whether it has anything to
 * fetch at all. Throws as `fetchRemote` does.
 */
export async function lookAt(
  place: RepoPlace,
  remote: DialledRemote,
): Promise<{ head: string | null; isEmpty: boolean }> {
  const patterns = ['HEAD', 'refs/heads/*', 'refs/tags/*'];
  const listing = await ask(place, remote, ['ls-remote', '--quiet', '--symref', remote.url.href, ...patterns]);
  const head = /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(listing)?.[1] ?? null;
  return { head, isEmpty: !/^[0-9a-f]{40}\t/m.test(listing) };
}

/**
 * Fetches refs and their whole history, and checks every object as a push's are. Throws `bad_value` in our own words: what git
 * says may hold what the remote said, and the URL.
 */
export async function fetchRemote(place: RepoPlace, remote: DialledRemote, refspecs: string[]): Promise<void> {
  // Of unlimited depth (gitprotocol-pack(5)): nothing changes by it, but that hosts which serve mere files are refused. What
  // comes from those is checked by nobody.
  const whole = '--depth=2147483647';
  const options = ['--quiet', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance', whole];
  await ask(place, remote, ['fetch', ...options, remote.url.href, ...refspecs]);
  // A remote that is a shallow clone itself: git takes that for granted and notes here which parents it has not.
  if (existsSync(join(place.repoDir, 'shallow')))
    throw new HostError(
      'bad_value',
      'source.url: the remote has only the end of its history; fetch the whole of it there',
    );
}

async function ask(place: RepoPlace, remote: DialledRemote, args: string[]): Promise<string> {
  const settings = Object.entries(settingsFor(remote)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const secretSettings: Record<string, string> =
    remote.authorization === null ? {} : { 'http.extraHeader': `Authorization: ${remote.authorization.reveal()}` };
  try {
    return (await runGit({ ...place, args: [...settings, ...args], secretSettings })).toString();
  } catch (error) {
    if (!(error instanceof GitFailed)) throw error;
    throw new HostError('bad_value', reasonOf(error.message));
  }
}

function settingsFor({ port, addresses }: DialledRemote): Record<string, string> {
  return {
    'protocol.allow': 'never',
    'protocol.http.allow': 'always',
    'protocol.https.allow': 'always',
    'http.followRedirects': 'false',
    'http.proxy': '',
    // Whatever name is asked for, these addresses are the answer (CURLOPT_RESOLVE).
    'http.curloptResolve': `*:${port}:${addresses.join(',')}`,
    'http.lowSpeedLimit': '1000',
    'http.lowSpeedTime': '30',
    'transfer.bundleURI': 'false',
    // All that comes is one pack, whose size and number of objects can be watched.
    'fetch.unpackLimit': '1',
    // The same faults of old tools that a push may hold.
    'fetch.fsck.zeroPaddedFilemode': 'warn',
    'fetch.fsck.badTimezone': 'warn',
    'fetch.fsck.missingSpaceBeforeDate': 'warn',
  };
}

const REASONS: [RegExp, string][] = [
  [/couldn't find remote ref/, 'the remote has no such branch'],
  [
    /Authentication failed|could not read (Username|Password)|terminal prompts disabled|error: 403/,
    'the remote wants other credentials than the URL has',
  ],
  [/repository '.*' not found|error: 404/, 'the remote has no such repo'],
  [/error: 30\d|redirect/, 'the remote redirects; give the URL that it redirects to'],
  [/dumb http transport/, 'the remote serves files and no git'],
  [
    /fsck error|object .*: |bad object|broken|missing blob|invalid index-pack|malformed/i,
    'the remote sent objects that git does not accept',
  ],
  [/SSL|certificate|TLS/i, 'TLS with the remote failed'],
  [/Failed to connect|Could not resolve|Couldn't connect|timed out|too slow/i, 'the remote does not answer'],
];

function reasonOf(complaint: string): string {
  const known = REASONS.find(([pattern]) => pattern.test(complaint));
  return `source.url: ${known?.[1] ?? 'nothing could be fetched from there'}`;
}
