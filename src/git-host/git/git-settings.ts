/**
 * What keeps a git process at some 20 MB, however large the repo: packs are mapped in small pieces, large files are streamed
 * and never held as a whole, and the search for deltas has a budget. A clone of 500 MB in eight files takes a tenth of the
 * time that it takes with git's defaults, since no file is deflated again to see whether it is smaller as a delta.
 */
export const MEMORY_SETTINGS: Readonly<Record<string, string>> = {
  'core.packedGitWindowSize': '1m',
  'core.packedGitLimit': '8m',
  'core.deltaBaseCacheLimit': '8m',
  'core.bigFileThreshold': '1m',
  'pack.threads': '1',
  'pack.windowMemory': '16m',
  'pack.deltaCacheSize': '4m',
};

/**
 * What git is told on each call, over whatever a repo's own configuration says. Nothing that a client can send may run a
 * program here, leave work behind after its request, or be believed without a check.
 */
export const GIT_SETTINGS: Readonly<Record<string, string>> = {
  ...MEMORY_SETTINGS,
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  // An answered push or update survives a power cut.
  'core.fsync': 'committed,derived-metadata,reference',
  // Background work would outlive the request, and with it the token.
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'receive.autogc': 'false',
  // Refuses trees with `.git`, `..` and the like, and broken objects; the three exceptions are faults of old tools that
  // real histories hold and that harm nobody.
  'transfer.fsckObjects': 'true',
  'receive.fsck.zeroPaddedFilemode': 'warn',
  'receive.fsck.badTimezone': 'warn',
  'receive.fsck.missingSpaceBeforeDate': 'warn',
  // A push stays the pack that it came as: it is streamed to disk, and merged with others later.
  'receive.unpackLimit': '1',
  // Accepted, and heard by nobody: there are no hooks here. Without the word for them git refuses to push with `-o`.
  'receive.advertisePushOptions': 'true',
  // One push cannot fill the disk.
  'receive.maxInputSize': String(2 * 1024 ** 3),
  // The host's own, see the import stream: clients neither see nor push them.
  'transfer.hideRefs': 'refs/daypass',
  'uploadpack.allowAnySHA1InWant': 'true',
  'uploadpack.allowFilter': 'true',
  // Those that are cheap. The pattern of a sparse one costs as much of a processor as a client likes.
  'uploadpackfilter.allow': 'false',
  'uploadpackfilter.blob:none.allow': 'true',
  'uploadpackfilter.blob:limit.allow': 'true',
  'uploadpackfilter.tree.allow': 'true',
  'uploadpackfilter.combine.allow': 'true',
};

/**
 * The largest piece of memory that git may ask for. A pack of some kilobytes can hold deltas that unfold to gigabytes, and
 * git unfolds them in memory. Files above `core.bigFileThreshold` are streamed where a client sent them whole.
 */
const ALLOCATION_LIMIT = '600m';

/**
 * The whole environment of a git process: nothing of ours is passed on, and no configuration of the machine or a user is
 * read. `homeDir` is an empty directory.
 */
export function gitEnvironment(homeDir: string, protocol: string | null): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
    HOME: homeDir,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOC_LIMIT: ALLOCATION_LIMIT,
    // Clients may push refs/replace; the host must go on seeing what is really there.
    GIT_NO_REPLACE_OBJECTS: '1',
    ...(protocol !== null && { GIT_PROTOCOL: protocol }),
  };
}

/** Settings as environment variables. Source: git-config(1), GIT_CONFIG_COUNT. */
export function settingsEnvironment(settings: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(settings);
  const pairs = entries.flatMap(([name, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, name],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(entries.length), ...Object.fromEntries(pairs) };
}
