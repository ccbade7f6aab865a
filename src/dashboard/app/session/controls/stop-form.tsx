import type { Session } from '../../client/wire.ts';
import { Control } from './control.tsx';

export function StopForm({ session }: { session: Session }) {
  return (
    <Control
      session={session}
      name="Stop…"
      verb="Stop it"
      kind="danger"
      call={(form) => ({
        method: 'POST',
        path: '/stop',
        body: { graceSeconds: Number(form.get('grace')), revoke: form.get('revoke') },
      })}
    >
      <label>
        Seconds to end by itself
        <input name="grace" type="number" min={0} max={3_600} defaultValue="10" required />
      </label>
      <fieldset>
        <legend>Its token</legend>
        <label class="choice">
          <input type="radio" name="revoke" value="after" defaultChecked /> revoke after it has ended, so that it can
          push
        </label>
        <label class="choice">
          <input type="radio" name="revoke" value="now" /> revoke now, before it is told to stop
        </label>
      </fieldset>
    </Control>
  );
}
