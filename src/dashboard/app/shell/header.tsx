import type { ReadonlySignal } from '@preact/signals';
import type { Scope } from '../../../access/scope.ts';
import { useDeps, useMay } from '../live/deps.ts';
import { OverdueChip } from '../sessions/overdue.tsx';
import { DebtChip } from '../tokens/debt.tsx';
import { ConnectionState } from './connection-state.tsx';
import type { PageName, Route } from './route.ts';

const LINKS: { page: PageName; text: string; needs: Scope }[] = [
  { page: 'sessions', text: 'Sessions', needs: 'read' },
  { page: 'tokens', text: 'Tokens', needs: 'read' },
  { page: 'workers', text: 'Workers', needs: 'read' },
  { page: 'keys', text: 'API keys', needs: 'operate' },
  { page: 'audit', text: 'Audit', needs: 'operate' },
];

export function Header({ route, onLogOut }: { route: ReadonlySignal<Route>; onLogOut: () => void }) {
  const { login } = useDeps();
  const may = { read: useMay('read'), start: useMay('start'), operate: useMay('operate') };
  const page = route.value.page === 'session' ? 'sessions' : route.value.page;
  return (
    <header class="top">
      <h1>
        <a href="#sessions">Daypass</a>
      </h1>
      <nav aria-label="Pages">
        {LINKS.filter(({ needs }) => may[needs]).map((link) => (
          <a key={link.page} href={`#${link.page}`} aria-current={page === link.page ? 'page' : undefined}>
            {link.text}
          </a>
        ))}
      </nav>
      <ConnectionState />
      <OverdueChip />
      <DebtChip />
      <span class="who quiet" title={`API key ${login.keyId}, may: ${login.scopes.join(', ')}`}>
        {login.name}
      </span>
      {may.start && (
        <a class="button main" href="#start">
          Start session
        </a>
      )}
      <button type="button" onClick={onLogOut}>
        Log out
      </button>
    </header>
  );
}
