import type { Session } from '../../client/wire.ts';
import { wordsOf } from '../../start/lines.ts';
import { formText } from '../../ui/form-text.ts';
import { Control } from './control.tsx';

export function NetworkForm({ session }: { session: Session }) {
  return (
    <Control
      session={session}
      name="Network…"
      verb="Change allow list"
      call={(form) => ({ method: 'PATCH', path: '/network', body: { allow: wordsOf(formText(form, 'allow')) } })}
    >
      <label>
        Hosts besides the repo host, one a line
        <textarea name="allow" rows={6} spellcheck={false} defaultValue={session.network.allow.join('\n')} />
      </label>
      <p class="quiet">
        <code>api.example.com</code>, <code>*.example.org:8443</code>. Open connections that it does not allow are cut.
      </p>
    </Control>
  );
}
