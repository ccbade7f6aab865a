import type { FaultCase } from '../fault-case.ts';

export const diskCases: FaultCase[] = [
  {
    name: 'disk.full_under_the_spool',
    smallDisk: 'minter',
    async run({ disk, workload }) {
      await disk?.fill();
      const ids = await workload.startMany(2, { lines: 5 });
      await Promise.all(ids.map((id) => workload.until(id, ({ endedAt }) => endedAt !== null)));
      await disk?.empty();
      const id = await workload.start({ lines: 5 });
      await workload.until(id, ({ status }) => status === 'succeeded');
    },
  },
  {
    name: 'disk.full_while_sessions_run',
    smallDisk: 'minter',
    survivable: true,
    async run({ disk, workload }) {
      const ids = await workload.startMany(3, { lines: 10 });
      await Promise.all(ids.map((id) => workload.until(id, ({ status }) => status === 'running')));
      await disk?.fill();
      await Promise.all(ids.map((id) => workload.until(id, ({ endedAt }) => endedAt !== null)));
      await disk?.empty();
    },
  },
  {
    name: 'disk.full_under_the_logs',
    smallDisk: 'logs',
    survivable: true,
    async run({ disk, workload }) {
      const ids = await workload.startMany(3, { lines: 20 });
      await Promise.all(ids.map((id) => workload.until(id, ({ status }) => status === 'running')));
      await disk?.fill();
      // The log waits for the disk, and the session's end for the log; the token waits for neither.
      const revoked = await Promise.all(ids.map((id) => workload.until(id, ({ token }) => token?.state === 'revoked')));
      if (revoked.some(({ endedAt }) => endedAt !== null)) throw new Error('a session ended without its log');
      await disk?.empty();
    },
  },
];
