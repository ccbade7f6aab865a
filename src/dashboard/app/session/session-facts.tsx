import type { Session } from '../client/wire.ts';
import { RunTime } from '../sessions/session-row.tsx';
import { Facts } from '../ui/facts.tsx';
import { Clock, Moment, Until } from '../ui/time.tsx';
import { TokenMark } from '../ui/token-mark.tsx';

export function SessionFacts({ session }: { session: Session }) {
  const { token, container, resources, exitCode, deadlineAt, endedAt, worker, webhook, metadata } = session;
  return (
    <Facts
      label="Facts"
      facts={[
        ['Token', <TokenMark token={token} />],
        ['Provider', token?.provider],
        ['Verified gone', token?.verifiedAt && <Clock at={token.verifiedAt} />],
        [
          'Token ends',
          token !== null && token.verifiedAt === null ? token.expiresAt && <Moment at={token.expiresAt} /> : null,
        ],
        ['Delivery', session.credentials.delivery === 'gateway' ? 'gateway: the token never enters' : 'environment'],
        ['Exit code', exitCode],
        ['Time', <RunTime session={session} />],
        ['Deadline', endedAt === null ? deadlineAt && <Until at={deadlineAt} /> : null],
        ['Created', <Moment at={session.createdAt} />],
        ['Ended', endedAt && <Moment at={endedAt} />],
        ['Container', container && <ContainerText container={container} />],
        ['Image', container?.image],
        ['Worker', worker],
        [
          'Resources',
          `${resources.cpus} CPU, ${resources.memoryMb} MB memory, ${resources.diskMb} MB disk, ${resources.pids} processes`,
        ],
        ['Network', session.network.allow.length === 0 ? 'repo host only' : session.network.allow.join(', ')],
        ['Started by', session.keyId],
        ['Metadata', pairs(metadata)],
        [
          'Webhook',
          webhook &&
            `${webhook.url}: ${webhook.delivered} delivered, ${webhook.waiting} waiting, ${webhook.failed} given up`,
        ],
      ]}
    />
  );
}

function ContainerText({ container: { id, removedAt } }: { container: NonNullable<Session['container']> }) {
  return (
    <>
      <code>{id}</code>{' '}
      {removedAt !== null && (
        <span class="quiet">
          removed <Clock at={removedAt} />
        </span>
      )}
    </>
  );
}

function pairs(record: Record<string, string>): string | null {
  const all = Object.entries(record).map(([name, value]) => `${name}=${value}`);
  return all.length === 0 ? null : all.join(', ');
}
