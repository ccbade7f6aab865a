/**
 * What the git host's process runs with, so that it stays at some 110 MB while it streams packs at full speed: buffers
 * that have been sent are collected early, and the C library gives memory back, where it would otherwise keep it in pools. With
 * `--expose-gc` the process collects by itself what came over the network (`free-buffers.ts`). Without these it grows to
 * hundreds of megabytes.
 */
const NODE_FLAGS = ['--max-semi-space-size=1', '--expose-gc'];
const C_LIBRARY = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/**
 * Starts this program again in its own process, with these settings; returns at once where it has them. Call it before anything else: what was opened by then is lost. Both kinds of settings count from a program's first moment
 * on, so that none of them can be made later.
 */
export function runLean(): void {
  const { env, execArgv, execPath, argv } = process;
  const isLean =
    NODE_FLAGS.every((flag) => execArgv.includes(flag)) &&
    Object.entries(C_LIBRARY).every(([name, value]) => env[name] === value);
  if (!isLean)
    process.execve?.(execPath, [execPath, ...NODE_FLAGS, ...execArgv, ...argv.slice(1)], { ...env, ...C_LIBRARY });
}
