import { z } from 'zod';
import { SESSION_STATUSES } from '../../session/status.ts';
import { TOKEN_STATES } from '../../token/state.ts';
import { time } from './common.ts';

export const workerSchema = z
  .object({
    name: z.string(),
    startedAt: time,
    seenAt: time,
    concurrency: z.int().meta({ description: 'Sessions it runs at once.' }),
    running: z.array(z.string()).meta({ description: 'Ids of the sessions it runs.' }),
    disks: z
      .object({
        way: z.enum(['ext4', 'tmpfs']),
        because: z.string().nullable().meta({ description: 'Why not ext4.' }),
      })
      .nullable()
      .meta({ description: 'How workspaces are made on its host; null: not said.' }),
    capacity: z
      .object({ cpus: z.number(), memoryMb: z.number(), diskMb: z.number() })
      .nullable()
      .meta({ description: 'The most that one session can have on its host; null: not said.' }),
  })
  .meta({ id: 'Worker' });

const count = z.int().min(0);

/** How much there is of everything, now. */
export const statsSchema = z
  .object({
    sessions: z.record(z.enum(SESSION_STATUSES), count),
    tokens: z.record(z.enum(TOKEN_STATES), count),
    queue: z
      .object({ waiting: count, active: count, delayed: count })
      .nullable()
      .meta({ description: 'Jobs of all keys; null to a key that sees only its own sessions.' }),
    revocationDebt: z
      .object({
        count,
        oldestSeconds: z.number().nullable(),
        alarm: z.boolean().meta({ description: 'The oldest has been due for longer than DAYPASS_DEBT_ALARM_SECONDS.' }),
      })
      .meta({
        description:
          'Tokens that are to be gone and are not yet, in state revoking or still active; and for how long the oldest of them.',
      }),
    overdueSessions: z
      .object({
        count,
        oldestSeconds: z.number().nullable().meta({ description: 'Since the grace of the oldest was over.' }),
        alarm: z.boolean().meta({ description: 'There is one: none should be.' }),
      })
      .meta({
        description:
          'Sessions past their deadline, or stop, and its grace that have not ended, although an end takes no more than 360 s.',
      }),
    webhooks: z.object({ waiting: count, delivered: count, failed: count }).nullable().meta({
      description:
        'Sessions with something to tell; messages that were taken, and given up, since the beginning. For operators.',
    }),
  })
  .meta({ id: 'Stats' });

export type Stats = z.output<typeof statsSchema>;
