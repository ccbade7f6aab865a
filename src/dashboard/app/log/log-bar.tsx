import { Button } from '../ui/button.tsx';
import type { Shown } from './lines.ts';
import type { FollowedLog } from './use-log.ts';

interface LogBarProps {
  id: string;
  state: FollowedLog['state']['value'];
  shown: Shown;
  follows: boolean;
  onShow: (shown: Shown) => void;
  onFollow: () => void;
  onEnd: () => void;
}

export function LogBar({ id, state, shown, follows, onShow, onFollow, onEnd }: LogBarProps) {
  return (
    <div class="log-bar">
      <h3>Log</h3>
      <span class="quiet" role="status" aria-label="State of the log">
        {textOf(state)}
      </span>
      <select aria-label="Streams" value={shown} onChange={(event) => onShow(event.currentTarget.value as Shown)}>
        <option value="all">all streams</option>
        <option value="stdout">stdout</option>
        <option value="stderr">stderr</option>
        <option value="system">system</option>
      </select>
      <button type="button" aria-pressed={follows} onClick={onFollow}>
        {follows ? 'Pause' : 'Follow'}
      </button>
      <Button onClick={onEnd}>End</Button>
      <a class="button" href={`/v1/sessions/${encodeURIComponent(id)}/logs?follow=false`} download={`${id}.log`}>
        Download
      </a>
    </div>
  );
}

function textOf(state: LogBarProps['state']): string {
  if (state === 'open') return 'open';
  return state === 'complete' ? 'complete' : state.failure;
}
