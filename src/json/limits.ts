/** How much of what a JSON text may hold. Text is bounded by whoever reads its bytes. */
export interface JsonLimits {
  /** Levels of lists and objects. */
  depth: number;
  /** Lists and objects in all. */
  containers: number;
  /** Strings, numbers, true, false and null in all. */
  scalars: number;
  /** Names of fields in all. */
  keys: number;
  /** Bytes of one field's name, as it is written. */
  keyBytes: number;
}

/** What is wrong with a JSON text, as words that go on after "the body" and hold nothing of it. */
export class JsonProblem extends Error {
  override readonly name = 'JsonProblem';
  /** `invalid`: it is no JSON. `too_much`: it is above one of the limits. */
  readonly kind: 'invalid' | 'too_much';

  constructor(kind: 'invalid' | 'too_much', message: string) {
    super(message);
    this.kind = kind;
  }
}
