import type { Api } from '../client/connect.ts';
import { sessionIdOf } from '../client/session-id.ts';
import type { Progress } from '../up/progress.ts';
import { CommandFailure } from '../up/failure.ts';

/** Does something to each session that is named, also when it fails for one before. Throws what failed, all of it. */
export async function forEachSession(
  given: readonly string[],
  { api, progress }: { api: Api; progress: Progress },
  work: (id: string) => Promise<string>,
): Promise<void> {
  const failures: CommandFailure[] = [];
  for (const text of given) {
    try {
      progress.line(await work(await sessionIdOf(api, text)));
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first === undefined) return;
  const message = failures.map((failure) => failure.message).join('\n');
  throw new CommandFailure(message, { cause: first, exitCode: first.exitCode });
}
