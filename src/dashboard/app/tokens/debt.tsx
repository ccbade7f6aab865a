import type { Stats } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { duration } from '../ui/duration.ts';

/** The debt, on every page: tokens that are to be gone and are not. */
export function DebtChip() {
  const stats = useDeps().figures.stats.value;
  const debt = stats?.revocationDebt;
  return (
    <a
      class="debt-chip"
      href="#tokens"
      data-level={levelOf(debt)}
      title={debt === undefined ? 'The figures cannot be read.' : debtText(debt)}
    >
      debt <strong>{debt?.count ?? '–'}</strong>
    </a>
  );
}

/** The debt in words, with why it is not paid. `reasons`: what the latest tries were answered. */
export function Debt({ reasons }: { reasons: string[] }) {
  const debt = useDeps().figures.stats.value?.revocationDebt;
  return (
    <div id="debt" class="debt card" role="status" aria-label="Revocation debt" data-level={levelOf(debt)}>
      <strong class="figure">{debt?.count ?? '–'}</strong>{' '}
      <div>
        <p>{debt === undefined ? 'The figures cannot be read.' : debtText(debt)}</p>
        {reasons.map((reason) => (
          <p key={reason} class="quiet">
            {reason}
          </p>
        ))}
      </div>
    </div>
  );
}

type DebtFigure = Stats['revocationDebt'];

/** A token on its way out for a moment is no debt to speak of; one that nobody takes is. */
function levelOf(debt: DebtFigure | undefined): string {
  if (debt === undefined) return 'unknown';
  if (debt.count === 0) return 'none';
  return debt.alarm ? 'alarm' : 'some';
}

function debtText({ count, oldestSeconds, alarm }: DebtFigure): string {
  if (count === 0 || oldestSeconds === null) return 'tokens left to delete. Every token that is to be gone is gone.';
  const some = count === 1 ? 'token is to be gone and is not yet' : 'tokens are to be gone and are not yet';
  const due = `${some}; due for up to ${duration(Math.round(oldestSeconds) * 1_000)}.`;
  return alarm ? `${due} Overdue! Look at the log of the minter: the repo host may be away, or refuse the key.` : due;
}
