import { SCOPES } from '../../../access/scope.ts';
import type { ApiKey } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { useAction } from '../live/use-action.ts';
import { Button } from '../ui/button.tsx';
import { RefusalNote } from '../ui/refusal.tsx';

/** `onMade` gets the value, which nobody can read again. */
export function NewKeyForm({ onMade }: { onMade: (made: { name: string; key: string }) => void }) {
  const { client } = useDeps();
  const { busy, problem, run } = useAction();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    const body = { name: data.get('name'), scopes: [data.get('scope')] };
    void run(async () => {
      onMade(await client.send<ApiKey & { key: string }>('POST', '/v1/api-keys', { body }));
      form.reset();
    });
  };
  return (
    <form class="row-form" aria-label="New API key" onSubmit={submit}>
      <label>
        Name <input name="name" required maxLength={100} autocomplete="off" />
      </label>
      <label>
        May{' '}
        <select name="scope" defaultValue="start">
          {SCOPES.map((scope) => (
            <option key={scope} value={scope}>
              {scope}
            </option>
          ))}
        </select>
      </label>
      <Button type="submit" kind="main" busy={busy.value}>
        Make a key
      </Button>
      <RefusalNote problem={problem.value} />
    </form>
  );
}
