import { Refusal, type FieldError } from '../errors.ts';
import { listWorkers, type WorkerRecord } from '../store/workers.ts';
import type { Redis } from '../store/redis.ts';

type Capacity = NonNullable<WorkerRecord['capacity']>;
const FIELDS = ['cpus', 'memoryMb', 'diskMb'] as const;
/** What a request names. Of what it does not, it takes what it gets. */
type Asked = { [name in (typeof FIELDS)[number]]?: number | undefined };

/**
 * Refuses a session that no host can run. Throws `invalid_request` with what the hosts have. While no worker says what its host
 * has, the session waits.
 */
export async function requireHost(redis: Redis, resources: Asked): Promise<void> {
  const hosts = (await listWorkers(redis)).flatMap(({ capacity }) => (capacity === undefined ? [] : [capacity]));
  const fields = hostProblems(resources, hosts);
  if (fields.length > 0)
    throw new Refusal('invalid_request', 'No host can run this session: it asks for more than they have.', { fields });
}

/** What no host has, or no host has together. Pure. */
export function hostProblems(resources: Asked, hosts: Capacity[]): FieldError[] {
  const asked = (name: (typeof FIELDS)[number]): number => resources[name] ?? 0;
  const fits = (host: Capacity): boolean => FIELDS.every((name) => asked(name) <= host[name]);
  if (hosts.length === 0 || hosts.some(fits)) return [];
  const above = FIELDS.flatMap((name) => {
    const most = Math.max(...hosts.map((host) => host[name]));
    return asked(name) > most
      ? [{ path: `resources.${name}`, message: `must be at most ${most}, which is what the largest host has` }]
      : [];
  });
  if (above.length > 0) return above;
  const largest = hosts.map((host) => FIELDS.map((name) => `${name} ${host[name]}`).join(', ')).join('; ');
  return [{ path: 'resources', message: `must fit on one host; the hosts have: ${largest}` }];
}
