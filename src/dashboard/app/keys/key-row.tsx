import type { ApiKey } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { useAction } from '../live/use-action.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { RefusalNote } from '../ui/refusal.tsx';
import { Ago, Moment } from '../ui/time.tsx';

export function KeyRow({ apiKey, onChange }: { apiKey: ApiKey; onChange: () => void }) {
  const { client } = useDeps();
  const { busy, problem, run } = useAction();
  const { id, name, fingerprint, scopes, repos, createdAt, lastUsedAt, expiresAt, revokedAt } = apiKey;
  const revoke = async () => {
    if (!window.confirm(`Revoke the key “${name}”? Whoever uses it is refused from then on.`)) return;
    if (await run(() => client.send('DELETE', `/v1/api-keys/${encodeURIComponent(id)}`))) onChange();
  };
  return (
    <tr data-key={id}>
      <td>{name}</td>
      <td>
        <code>{fingerprint}</code>
      </td>
      <td>{scopes.join(', ')}</td>
      <td title={repos?.join('\n')}>{repos === null ? 'any' : repos.length}</td>
      <td>
        <Ago at={createdAt} />
      </td>
      <td>{lastUsedAt === null ? '–' : <Ago at={lastUsedAt} />}</td>
      <td>
        <Moment at={expiresAt} />
      </td>
      <td>
        {revokedAt !== null ? (
          <Badge state="revoked" />
        ) : (
          <Button kind="danger" busy={busy.value} label={`Revoke ${name}`} onClick={() => void revoke()}>
            Revoke
          </Button>
        )}
        <RefusalNote problem={problem.value} />
      </td>
    </tr>
  );
}
