import type { Unreadable } from '../client/wire.ts';

/** What is left out of a list because it cannot be read; nothing where all of it can. */
export function UnreadableNote({ unreadable }: { unreadable: readonly Unreadable[] }) {
  if (unreadable.length === 0) return null;
  return (
    <div class="note" role="note" aria-label="Left out">
      <p>
        {unreadable.length === 1 ? 'One record' : `${unreadable.length} records`} cannot be read, and left out here:
      </p>
      <ul>
        {unreadable.map(({ id, field, problem }) => (
          <li key={`${id} ${field}`}>
            <code>{id}</code>: <code>{field}</code> {problem}
          </li>
        ))}
      </ul>
    </div>
  );
}
