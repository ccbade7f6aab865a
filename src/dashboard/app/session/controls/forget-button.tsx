import type { Session } from '../../client/wire.ts';
import { useDeps } from '../../live/deps.ts';
import { useAction } from '../../live/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { RefusalNote } from '../../ui/refusal.tsx';

/** Forgets a session that is over, with its log. */
export function ForgetButton({ session: { id } }: { session: Session }) {
  const { client, sessions } = useDeps();
  const { busy, problem, run } = useAction();
  const forget = async () => {
    if (!window.confirm(`Forget ${id} with its log and events? This cannot be undone.`)) return;
    const isDone = await run(() => client.send('DELETE', `/v1/sessions/${encodeURIComponent(id)}`));
    sessions.refresh(id);
    if (isDone) location.hash = '#sessions';
  };
  return (
    <>
      <RefusalNote problem={problem.value} />
      <Button busy={busy.value} onClick={() => void forget()}>
        Forget…
      </Button>
    </>
  );
}
