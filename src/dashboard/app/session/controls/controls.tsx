import { isEnded } from '../../../../session/status.ts';
import type { Session } from '../../client/wire.ts';
import { useMay } from '../../live/deps.ts';
import { ExtendForm } from './extend-form.tsx';
import { ForgetButton } from './forget-button.tsx';
import { NetworkForm } from './network-form.tsx';
import { StopForm } from './stop-form.tsx';

/** What the key that logged in may do with the session, as far as it makes sense now. */
export function Controls({ session }: { session: Session }) {
  if (!useMay('start')) return null;
  return (
    <div class="controls" role="group" aria-label="Controls">
      {isEnded(session.status) ? (
        <ForgetButton session={session} />
      ) : (
        <>
          <ExtendForm session={session} />
          <NetworkForm session={session} />
          <StopForm session={session} />
        </>
      )}
    </div>
  );
}
