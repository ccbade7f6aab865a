import { useSignal } from '@preact/signals';
import { API_KEY } from '../client/page-of.ts';
import type { ApiKey } from '../client/wire.ts';
import { More } from '../ui/more.tsx';
import { UnreadableNote } from '../ui/unreadable-note.tsx';
import { usePages } from '../ui/use-pages.ts';
import { KeyRow } from './key-row.tsx';
import { NewKeyForm } from './new-key-form.tsx';

/** The API keys, for operators. Those of the settings are not among them. */
export function KeysPage() {
  const keys = usePages<ApiKey>('/v1/api-keys?limit=50', API_KEY);
  const made = useSignal<{ name: string; key: string } | null>(null);
  return (
    <section aria-labelledby="keys-title">
      <div class="title">
        <h2 id="keys-title">API keys</h2>
      </div>
      <NewKeyForm
        onMade={(key) => {
          made.value = key;
          keys.reload();
        }}
      />
      {made.value !== null && (
        <div class="card made" role="status" aria-label="New key">
          <p>The key “{made.value.name}”. It is shown this once: copy it now.</p>
          <code>{made.value.key}</code>
          <button type="button" onClick={() => (made.value = null)}>
            I have it
          </button>
        </div>
      )}
      {keys.failure.value !== null && <p role="alert">{keys.failure.value}</p>}
      <UnreadableNote unreadable={keys.unreadable.value} />
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Name</th>
              <th>Fingerprint</th>
              <th>May</th>
              <th>Repos</th>
              <th>Made</th>
              <th>Last used</th>
              <th>Ends</th>
              <th>
                <span class="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {keys.items.value?.map((key) => (
              <KeyRow key={key.id} apiKey={key} onChange={keys.reload} />
            ))}
          </tbody>
        </table>
      </div>
      {keys.items.value?.length === 0 && <p class="quiet empty">None but those of the settings.</p>}
      <More hasMore={keys.hasMore.value} onMore={keys.more} />
    </section>
  );
}
