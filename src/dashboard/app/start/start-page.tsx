import { useRef } from 'preact/hooks';
import type { Session } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { useAction } from '../live/use-action.ts';
import { Button } from '../ui/button.tsx';
import { RefusalNote } from '../ui/refusal.tsx';
import { CommandFields } from './command-fields.tsx';
import { Field, FieldErrors } from './field.tsx';
import { LimitFields } from './limit-fields.tsx';
import { RepoFields } from './repo-fields.tsx';
import { requestOf } from './request.ts';
import { SecretFields } from './secret-fields.tsx';

/** A form for a new session. What it says is the same request until it is changed: sent twice, it starts one. */
export function StartPage() {
  const { client, sessions } = useDeps();
  const { busy, problem, run } = useAction();
  const idempotencyKey = useRef(crypto.randomUUID());
  const renewKey = () => (idempotencyKey.current = crypto.randomUUID());
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const body = requestOf(new FormData(event.currentTarget as HTMLFormElement));
    void run(async () => {
      const options = { body, idempotencyKey: idempotencyKey.current };
      const session = await client.send<Session>('POST', '/v1/sessions', options);
      sessions.refresh(session.id);
      location.hash = `#${session.id}`;
    });
  };
  return (
    <section aria-labelledby="start-title">
      <div class="title">
        <h2 id="start-title">Start a session</h2>
      </div>
      <FieldErrors.Provider value={problem.value?.fields ?? []}>
        <form class="start" autocomplete="off" onSubmit={submit} onInput={renewKey}>
          <RepoFields onChange={renewKey} />
          <CommandFields />
          <fieldset>
            <legend>Environment</legend>
            <div class="fields">
              <Field label="Variables" path="env" hint="KEY=VALUE, one a line" wide>
                {(input) => <textarea {...input} name="env" rows={3} spellcheck={false} />}
              </Field>
              <SecretFields />
              <Field label="Metadata" path="metadata" hint="key=value, one a line: to find it by" wide>
                {(input) => <textarea {...input} name="metadata" rows={3} spellcheck={false} />}
              </Field>
            </div>
          </fieldset>
          <LimitFields />
          <div class="submit">
            <Button type="submit" kind="main" busy={busy.value}>
              Start it
            </Button>
            <RefusalNote problem={problem.value} />
          </div>
        </form>
      </FieldErrors.Provider>
    </section>
  );
}
