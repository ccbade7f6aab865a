import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { follow } from '../client/follow.ts';
import { messageOf } from '../client/problem.ts';
import type { LogRecord } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { useWhile } from '../live/use-while.ts';
import { LogLines } from './lines.ts';

export interface FollowedLog {
  lines: LogLines;
  /** Another number when there is more in `lines`; at most once a frame. */
  version: ReadonlySignal<number>;
  /** `open` while more may come; else why no more does. */
  state: ReadonlySignal<'open' | 'complete' | { failure: string }>;
}

/** A session's log from its first line on, as long as it is shown. */
export function useLog(id: string): FollowedLog {
  const { client } = useDeps();
  const lines = useMemo(() => new LogLines(), [id]);
  const version = useSignal(0);
  const state = useSignal<FollowedLog['state']['value']>('open');
  useWhile(
    (signal) => {
      let frame = 0;
      const onMessages = (records: LogRecord[]) => {
        lines.add(records);
        if (frame !== 0) return;
        frame = requestAnimationFrame(() => {
          frame = 0;
          version.value++;
        });
      };
      const end = (how: typeof state.value): void => {
        if (!signal.aborted) state.value = how;
      };
      state.value = 'open';
      void follow<LogRecord>(client, `/v1/sessions/${encodeURIComponent(id)}/logs`, { signal, onMessages }).then(
        () => end('complete'),
        (error: unknown) => end({ failure: messageOf(error) }),
      );
      signal.addEventListener('abort', () => cancelAnimationFrame(frame));
    },
    [id],
  );
  return { lines, version, state };
}
