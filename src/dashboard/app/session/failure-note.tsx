import type { Session } from '../client/wire.ts';
import { nextStepAfter } from './failure-words.ts';

/** Why it did not succeed, in words, and what to do next. */
export function FailureNote({ session: { status, failure, exitCode } }: { session: Session }) {
  if (failure !== null) {
    return (
      <div class="failure" role="note" aria-label="Failure">
        <p>
          <strong>{failure.message}</strong>{' '}
          <span class="quiet">
            {failure.code} in step {failure.step}
          </span>
        </p>
        <p>{nextStepAfter(failure.code)}</p>
      </div>
    );
  }
  if (status === 'failed' && exitCode !== null) {
    return (
      <div class="failure" role="note" aria-label="Failure">
        <p>
          <strong>The command ended with exit code {exitCode}.</strong>
        </p>
        <p>Its own words are at the end of the log.</p>
      </div>
    );
  }
  if (status === 'timed_out') {
    return (
      <div class="failure" role="note" aria-label="Failure">
        <p>
          <strong>Its time was over before it had ended.</strong>
        </p>
        <p>Give it more with a longer timeout, or extend it while it runs.</p>
      </div>
    );
  }
  return null;
}
