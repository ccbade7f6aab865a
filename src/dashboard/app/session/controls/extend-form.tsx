import type { Session } from '../../client/wire.ts';
import { Control } from './control.tsx';

export function ExtendForm({ session }: { session: Session }) {
  return (
    <Control
      session={session}
      name="Extend…"
      verb="Set deadline"
      call={(form) => ({ method: 'POST', path: '/extend', body: { timeoutSeconds: Number(form.get('minutes')) * 60 } })}
    >
      <label>
        Minutes from now
        <input name="minutes" type="number" min={1} defaultValue="60" required />
      </label>
      <p class="quiet">Not past the end of its token, unless the gateway has that.</p>
    </Control>
  );
}
