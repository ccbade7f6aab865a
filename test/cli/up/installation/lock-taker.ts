import { takeLock } from '../../../../src/cli/up/installation/lock.ts';

// Takes the data directory and keeps it until its input ends; 1 when another one has it.
const lock = await takeLock(process.argv[2] ?? '');
for await (const chunk of process.stdin) void chunk;
await lock[Symbol.asyncDispose]();
