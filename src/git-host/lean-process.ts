/**
 * What the git host's process is started with, so that it stays at some 110 MB while it streams packs at full speed: buffers
 * that have been sent are collected early, and the C library gives memory back, where it would otherwise keep it in pools. With
 * `--expose-gc` the process collects by itself what came over the network (`free-buffers.ts`). Without these it works all the same,
 * and grows to hundreds of megabytes.
 */
export const LEAN_PROCESS_ENV = {
  NODE_OPTIONS: '--max-semi-space-size=1 --expose-gc',
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;
