import { expect, it } from 'vitest';
import { withRepeats } from './emulation.ts';

function failing(message: string, times: number): { check: () => Promise<void>; runs: () => number } {
  let runs = 0;
  return {
    runs: () => runs,
    check: async () => {
      runs++;
      if (runs <= times) throw new Error(message);
    },
  };
}

it('repeats a check that a crash of Node in an emulated guest ended, and says so', async () => {
  const { check, runs } = failing('api was ended by SIGTRAP', 1);
  const said: string[] = [];
  await withRepeats('emulation', check, (line) => said.push(line));
  expect(runs()).toBe(2);
  expect(said).toEqual([expect.stringContaining('SIGTRAP: the check is repeated (1 of 3)')]);
});

it("knows a crash by systemd's words, too", async () => {
  const { check, runs } = failing('Main process exited, code=killed, status=11/SEGV', 1);
  await withRepeats('emulation', check, () => undefined);
  expect(runs()).toBe(2);
});

it('gives up after the third repeat', async () => {
  const { check, runs } = failing('worker was ended by SIGSEGV', 9);
  await expect(withRepeats('emulation', check, () => undefined)).rejects.toThrow('SIGSEGV');
  expect(runs()).toBe(4);
});

it.each([
  ['emulation', 'The token was not seen refused'],
  ['kvm', 'api was ended by SIGSEGV'],
] as const)('does not repeat, by %s, after: %s', async (accelerator, message) => {
  const { check, runs } = failing(message, 9);
  await expect(withRepeats(accelerator, check, () => undefined)).rejects.toThrow(message);
  expect(runs()).toBe(1);
});
