import { EXIT } from '../exit-codes.ts';

/** Why a command cannot go on, for the person who gave it: what is wrong, and what to do. Shown without a stack. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  /** What the process is to end with. */
  readonly exitCode: number;

  constructor(message: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

/** The command line is not as it must be. */
export function wrongUsage(message: string): CommandFailure {
  return new CommandFailure(message, { exitCode: EXIT.usage });
}
