import { z } from 'zod';
import { describe } from '../../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { visibleLines } from '../terminal/visible.ts';
import { CommandFailure } from '../up/failure.ts';
import { ApiRefusal } from '../up/installation/api-client.ts';

/** Nothing came back: nobody listens, the connection broke, or it took too long. */
export function isNoAnswer(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError');
}

/** What is so until somebody mends it. */
const LASTING: ReadonlySet<string> = new Set(['not_implemented', 'log_unreadable', 'record_unreadable']);

/** Whether the same call may well succeed a little later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiRefusal)) return isNoAnswer(error);
  if (error.code === 'rate_limited' || error.code === 'too_many_streams') return true;
  return error.status >= 500 && !LASTING.has(error.code ?? '');
}

/** Whether nobody can have received the call. `bad port`: one that fetch does not call, such as that of X11. */
export function wasNotSent(error: unknown): boolean {
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'bad port'].includes(reasonOf(error) ?? '');
}

/** What went wrong with a call, for people: what is wrong, and what to do. */
export function apiFailure(error: unknown, apiUrl: string): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (error instanceof ApiRefusal) {
    const { exitCode, advice } = adviceFor(error);
    const message = [visibleLines(error.message), ...(advice === null ? [] : [advice])].join('\n');
    return new CommandFailure(message, { cause: error, exitCode });
  }
  const exitCode = EXIT.unavailable;
  if (isNoAnswer(error)) {
    const why = reasonOf(error);
    return new CommandFailure(
      `The API at ${apiUrl} does not answer${why === null ? '' : ` (${why})`}.\n` +
        'See that it runs (npm start, or: docker compose ps), and that DAYPASS_API_URL is its address without /v1.',
      { cause: error, exitCode },
    );
  }
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    return new CommandFailure(
      `${apiUrl} answers, but not as the API of this version does. See that DAYPASS_API_URL names a Daypass, and that this command is of its version.`,
      { cause: error, exitCode },
    );
  }
  return new CommandFailure(describe(error), { cause: error });
}

function reasonOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === 'TimeoutError') return 'no answer in time';
  const { cause } = error;
  if (!(cause instanceof Error)) return null;
  return 'code' in cause ? String(cause.code) : cause.message;
}

function adviceFor({ status, code }: ApiRefusal): { exitCode: number; advice: string | null } {
  if (status === 401) {
    const advice =
      'Set DAYPASS_API_KEY to a key that this API knows; an operator makes one with: daypass api-keys create NAME';
    return { exitCode: EXIT.keyRefused, advice };
  }
  if (status === 403) {
    const advice = 'Use a key that may do this; an operator makes one with: daypass api-keys create NAME --scope SCOPE';
    return { exitCode: EXIT.keyRefused, advice };
  }
  if (status === 404) {
    // A 404 without our code is some other server's.
    const advice = code === null ? 'See that DAYPASS_API_URL is the address of a Daypass, without /v1.' : null;
    return { exitCode: EXIT.notFound, advice };
  }
  if (status === 429) return { exitCode: EXIT.unavailable, advice: 'Try again later.' };
  if (code === 'record_unreadable') return { exitCode: EXIT.failed, advice: null };
  if (status >= 500) {
    return {
      exitCode: EXIT.unavailable,
      advice: 'Try again in a moment; on its machine, daypass doctor says what is wrong.',
    };
  }
  return { exitCode: EXIT.refused, advice: null };
}
