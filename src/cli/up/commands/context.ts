import type { Environment } from '../../../settings.ts';
import type { Progress } from '../progress.ts';

/** What every command is given. */
export interface CommandContext {
  /** The user's environment. */
  env: Environment;
  /** The project's directory. */
  root: string;
  progress: Progress;
  args: readonly string[];
}
