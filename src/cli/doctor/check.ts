import { describe } from '../../errors.ts';

/** One thing that must be so for Daypass to work. */
export interface Check {
  name: string;
  /** Resolves with what is so, in a few words; throws with what is not, or `NotSeen`. */
  look: () => Promise<string>;
  /** What to do when it is not so. */
  mend: string;
}

/** Several things are wrong at once: a line each. */
export class Findings extends Error {
  override readonly name = 'Findings';
  readonly sentences: string[];

  constructor(sentences: string[]) {
    super(sentences.join('\n'));
    this.sentences = sentences;
  }
}

/** From here nobody can tell: no fault, and no tick. The message says why. */
export class NotSeen extends Error {
  override readonly name = 'NotSeen';
}

/** What is there to be looked at, and not from here. */
export function notSeen(names: readonly string[], why: string): Check[] {
  const look = (): Promise<string> => Promise.reject(new NotSeen(why));
  return names.map((name) => ({ name, look, mend: '' }));
}

/** Lines about one check, and whether nothing is wrong. */
export async function perform({ name, look, mend }: Check): Promise<{ lines: string[]; holds: boolean }> {
  try {
    return { lines: [`✓ ${name}: ${await look()}`], holds: true };
  } catch (error) {
    if (error instanceof NotSeen) return { lines: [`? ${name}: not seen from here, ${error.message}`], holds: true };
    const sentences = error instanceof Findings ? error.sentences : [describe(error)];
    return { lines: [...sentences.map((sentence) => `✗ ${name}: ${sentence}`), `  ${mend}`], holds: false };
  }
}
