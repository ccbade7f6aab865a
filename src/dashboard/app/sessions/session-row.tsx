import type { Session } from '../client/wire.ts';
import { Badge } from '../ui/badge.tsx';
import { Ago, Elapsed } from '../ui/time.tsx';
import { TokenMark } from '../ui/token-mark.tsx';

export function SessionRow({ session }: { session: Session }) {
  const { id, status, exitCode, failure, token, repos, metadata, worker, createdAt } = session;
  return (
    <tr data-session={id}>
      <td>
        <a href={`#${id}`}>
          <code>{id}</code>
        </a>
      </td>
      <td>
        <Badge state={status} />
        {exitCode !== null && exitCode !== 0 && <span class="quiet"> exit {exitCode}</span>}
        {failure !== null && <span class="quiet"> {failure.code.replaceAll('_', ' ')}</span>}
        {session.queuePosition !== null && status === 'queued' && (
          <span class="quiet"> {session.queuePosition} before</span>
        )}
      </td>
      <td>
        <TokenMark token={token} />
      </td>
      <td class="number">
        <RunTime session={session} />
      </td>
      <td class="short" title={repos.map((repo) => repo.path).join(', ')}>
        {repos[0]?.path}
        {repos.length > 1 && ` +${repos.length - 1}`}
      </td>
      <td class="short">
        {Object.entries(metadata).map(([name, value]) => (
          <span key={name} class="pair">
            {name}={value}
          </span>
        ))}
      </td>
      <td class="short">{worker ?? '–'}</td>
      <td>
        <Ago at={createdAt} />
      </td>
    </tr>
  );
}

/** How long it has run, or did; before that, for how long it has waited. */
export function RunTime({ session: { createdAt, startedAt, endedAt } }: { session: Session }) {
  if (startedAt !== null) return <Elapsed from={startedAt} to={endedAt} />;
  if (endedAt !== null) return <>–</>;
  return (
    <span class="quiet">
      waits <Elapsed from={createdAt} to={null} />
    </span>
  );
}
