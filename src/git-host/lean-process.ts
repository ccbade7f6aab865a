/**
 * What the git host's process is started with, so that it stays at some 110 MB while it streams packs at full speed: buffers
 * that have been sent are collected early, and the C library gives memory back, where it would otherwise keep it in pools.
 * Without these it works all the same, and grows to about 200 MB.
 */
export const LEAN_PROCESS_ENV = { NODE_OPTIONS: '--max-semi-space-size=1 --expose-gc', MALLOC_ARENA_MAX: '1' } as const;
