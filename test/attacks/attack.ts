import type { Arena } from './rig/arena.ts';

export const AREAS = ['isolation', 'resources', 'network', 'token', 'git', 'files', 'logs', 'api'] as const;
export type Area = (typeof AREAS)[number];

/** What somebody tries, and what must come of it. */
export interface Attack {
  /** A sentence with its outcome. */
  name: string;
  area: Area;
  /** What must happen, for whoever reads the report. */
  must: string;
  /** Runs while no other attack does, because it takes all that it can get. */
  alone?: boolean;
  /**
   * Attacks, and resolves with all that is wrong with what came of it, as sentences; none: it held. Calls `underWay` when the
   * attack has begun, at which a neighbour's session is started beside it.
   */
  run(arena: Arena, underWay: () => void): Promise<string[]>;
}

/** The sentences whose condition does not hold. */
export function wrongIn(...checks: [holds: boolean, otherwise: string][]): string[] {
  return checks.filter(([holds]) => !holds).map(([, otherwise]) => otherwise);
}
