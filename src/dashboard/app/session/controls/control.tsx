import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { Session } from '../../client/wire.ts';
import { useDeps } from '../../live/deps.ts';
import { useAction } from '../../live/use-action.ts';
import { Button } from '../../ui/button.tsx';
import { RefusalNote } from '../../ui/refusal.tsx';

interface ControlProps {
  session: Session;
  /** What opens it. */
  name: string;
  /** What does it. */
  verb: string;
  kind?: 'main' | 'danger';
  children: ComponentChildren;
  /** The call that the form means. */
  call: (form: FormData) => { method: 'POST' | 'PATCH'; path: string; body: unknown };
}

/** A form that opens below its button, does one thing with the session, and closes when that is done. */
export function Control({ session, name, verb, kind = 'main', children, call }: ControlProps) {
  const { client, sessions } = useDeps();
  const { busy, problem, run } = useAction();
  const details = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (details.current?.open !== true) return;
    details.current.open = false;
    details.current.querySelector('summary')?.focus();
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const { method, path, body } = call(new FormData(event.currentTarget as HTMLFormElement));
    const isDone = await run(() =>
      client.send(method, `/v1/sessions/${encodeURIComponent(session.id)}${path}`, { body }),
    );
    sessions.refresh(session.id);
    if (isDone) close();
  };
  return (
    <details ref={details} class="control" name="control" onKeyDown={(event) => event.key === 'Escape' && close()}>
      <summary class={`button ${kind === 'danger' ? kind : ''}`}>{name}</summary>
      <form class="card" onSubmit={(event) => void submit(event)}>
        {children}
        <Button type="submit" kind={kind} busy={busy.value}>
          {verb}
        </Button>
        <RefusalNote problem={problem.value} />
      </form>
    </details>
  );
}
