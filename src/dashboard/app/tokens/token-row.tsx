import { isTokenFinal } from '../../../token/state.ts';
import type { Token } from '../client/wire.ts';
import { useDeps, useMay } from '../live/deps.ts';
import { useAction } from '../live/use-action.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { RefusalNote } from '../ui/refusal.tsx';
import { Ago, Moment } from '../ui/time.tsx';

/** `onChange` is told once it was revoked by hand. */
export function TokenRow({ token, onChange }: { token: Token; onChange: () => void }) {
  const { id, fingerprint, state, sessionId, repoIds, access, intendedAt, expiresAt, attempts, lastError } = token;
  return (
    <tr data-token={id}>
      <td title={id}>
        <code>{fingerprint ?? '–'}</code>
      </td>
      <td>
        <Badge state={state} />
        {token.verifiedAt !== null && <span class="verified"> ✓ verified</span>}
      </td>
      <td>
        <a href={`#${sessionId}`}>
          <code>{sessionId}</code>
        </a>
      </td>
      <td title={repoIds.map((repoId) => `${repoId}: ${access[repoId]}`).join('\n')}>
        {repoIds.length} {repoIds.length === 1 ? 'repo' : 'repos'}
      </td>
      <td>
        <Ago at={intendedAt} />
      </td>
      <td>
        <Moment at={expiresAt} />
      </td>
      <td class="number" title={lastError ?? undefined}>
        {attempts}
        {lastError !== null && !isTokenFinal(state) && <span class="wrong"> {lastError}</span>}
      </td>
      <td>
        <Revoke token={token} onChange={onChange} />
      </td>
    </tr>
  );
}

function Revoke({ token: { id, state, sessionId, fingerprint }, onChange }: { token: Token; onChange: () => void }) {
  const { client } = useDeps();
  const { busy, problem, run } = useAction();
  const mayRevoke = useMay('start') && (state === 'active' || state === 'intended');
  const revoke = async () => {
    if (!window.confirm(`Revoke ${fingerprint ?? id} now? Its session ${sessionId} is stopped.`)) return;
    if (await run(() => client.send('POST', `/v1/tokens/${encodeURIComponent(id)}/revoke`))) onChange();
  };
  if (!mayRevoke) return null;
  return (
    <>
      <Button kind="danger" busy={busy.value} label={`Revoke ${fingerprint ?? id}`} onClick={() => void revoke()}>
        Revoke
      </Button>
      <RefusalNote problem={problem.value} />
    </>
  );
}
