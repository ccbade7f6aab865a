import { useDeps } from '../live/deps.ts';

/** Whether what is shown is what is. */
export function ConnectionState() {
  const connection = useDeps().sessions.connection.value;
  const text = {
    connecting: 'connecting…',
    live: 'live',
    lost: 'connection lost, trying again…',
    refused: 'not live: load the page anew',
  }[connection.state];
  return (
    <span
      role="status"
      class="connection"
      data-connection={connection.state}
      title={'why' in connection ? connection.why : undefined}
    >
      {text}
    </span>
  );
}
