import { takeCrashes } from '../support/crashes.ts';
import type { Attack } from './attack.ts';
import type { Arena } from './rig/arena.ts';

export interface AttackResult {
  name: string;
  area: Attack['area'];
  must: string;
  /** What was wrong, as sentences; none: the attack came to nothing and everybody else is well. */
  wrong: string[];
  tookMs: number;
  /** From a neighbour's request to its first line, while the attack went on; null when it did not come. */
  neighbourMs: number | null;
  /** Whether the attack still went on when the neighbour's start began. */
  besideAttack: boolean;
}

/**
 * Runs every attack, so many at once, each with a neighbour's start beside it; those that take all they can get are alone.
 * `onResult` is told of each at once.
 */
export async function runAttacks(
  arena: Arena,
  attacks: Attack[],
  { lanes, signal, onResult }: { lanes: number; signal: AbortSignal; onResult: (result: AttackResult) => void },
): Promise<AttackResult[]> {
  const results: AttackResult[] = [];
  const work = async (queue: Attack[]): Promise<void> => {
    for (let attack = queue.shift(); attack !== undefined && !signal.aborted; attack = queue.shift()) {
      const result = await runAttack(arena, attack);
      results.push(result);
      onResult(result);
    }
  };
  const together = attacks.filter(({ alone }) => alone !== true);
  await Promise.all(Array.from({ length: lanes }, () => work(together)));
  await work(attacks.filter(({ alone }) => alone === true));
  return results;
}

async function runAttack(arena: Arena, attack: Attack): Promise<AttackResult> {
  const { name, area, must } = attack;
  const began = performance.now();
  const begun = Promise.withResolvers<void>();
  let isOver = false;
  const attacked = attack
    .run(arena, begun.resolve)
    .catch((error: unknown) => [`the attack could not be carried out: ${sentence(error)}`])
    .finally(() => {
      isOver = true;
      // An attack that fails before it begins must not keep its neighbour waiting.
      begun.resolve();
    });
  await begun.promise;
  let besideAttack = false;
  const neighbour = await arena.neighbour
    .start(() => {
      besideAttack = !isOver;
    })
    .then(
      (ms) => ({ ms, wrong: [] as string[] }),
      (error: unknown) => ({ ms: null, wrong: [`the neighbour: ${sentence(error)}`] }),
    );
  const wrong = [...(await attacked), ...neighbour.wrong, ...(await takeCrashes()), ...(await arena.health())];
  const tookMs = performance.now() - began;
  return { name, area, must, wrong, tookMs, neighbourMs: neighbour.ms, besideAttack };
}

function sentence(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
