import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { TOKEN_STATES } from '../../../token/state.ts';
import { TOKEN } from '../client/page-of.ts';
import type { Token } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { useWhile } from '../live/use-while.ts';
import { More } from '../ui/more.tsx';
import { UnreadableNote } from '../ui/unreadable-note.tsx';
import { usePages } from '../ui/use-pages.ts';
import { Debt } from './debt.tsx';
import { TokenRow } from './token-row.tsx';

const RELOAD_AFTER_MS = 300;

/** The ledger of tokens, the debt, and those of unknown fate. */
export function TokensPage() {
  const { sessions, figures } = useDeps();
  const state = useSignal('');
  const tokens = usePages<Token>(`/v1/tokens?limit=50${state.value === '' ? '' : `&state=${state.value}`}`, TOKEN);
  const revoking = usePages<Token>('/v1/tokens?state=revoking&limit=50', TOKEN);
  const unknown = usePages<Token>('/v1/tokens?state=unknown&limit=50', TOKEN);
  const reload = () => [tokens, revoking, unknown].forEach((list) => list.reload());
  useWhile(
    (signal) => {
      let timer = 0;
      sessions.onEvents((events) => {
        if (!events.some(({ type }) => type.startsWith('token_'))) return;
        clearTimeout(timer);
        timer = window.setTimeout(reload, RELOAD_AFTER_MS);
      }, signal);
      signal.addEventListener('abort', () => clearTimeout(timer));
    },
    [state.value],
  );

  // Also what no event tells of, such as a token that became due.
  const counts = JSON.stringify(figures.stats.value?.tokens);
  useEffect(reload, [counts]);

  const errors = (revoking.items.value ?? []).map(({ lastError }) => lastError).filter((error) => error !== null);
  const lost = unknown.items.value ?? [];
  return (
    <section aria-labelledby="tokens-title">
      <div class="title">
        <h2 id="tokens-title">Tokens</h2>
        <select aria-label="State" value={state.value} onChange={(event) => (state.value = event.currentTarget.value)}>
          <option value="">all states</option>
          {TOKEN_STATES.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </div>
      <Debt reasons={[...new Set(errors)]} />
      {lost.length > 0 && (
        <p class="note" role="note">
          {lost.length} of unknown fate: the answer to their minting was lost. Nobody has the value, so nobody can use
          or delete them; they end by themselves.
        </p>
      )}
      {tokens.failure.value !== null && <p role="alert">{tokens.failure.value}</p>}
      <UnreadableNote unreadable={tokens.unreadable.value} />
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Fingerprint</th>
              <th>State</th>
              <th>Session</th>
              <th>Repos</th>
              <th>Intended</th>
              <th>Ends at the latest</th>
              <th>Tries</th>
              <th>
                <span class="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {tokens.items.value?.map((token) => (
              <TokenRow key={token.id} token={token} onChange={reload} />
            ))}
          </tbody>
        </table>
      </div>
      {tokens.items.value?.length === 0 && <p class="quiet empty">No tokens here.</p>}
      <More hasMore={tokens.hasMore.value} onMore={tokens.more} />
    </section>
  );
}
