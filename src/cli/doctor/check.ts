/** One thing that must be so for Daypass to work. */
export interface Check {
  name: string;
  /** Resolves with what is so, in a few words; throws with what is not. */
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
