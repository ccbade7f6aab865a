import { useEffect, useRef } from 'preact/hooks';
import { logIn, type Login } from '../client/login.ts';
import { useAction } from '../live/use-action.ts';
import { Button } from '../ui/button.tsx';

/** Asks for a key, which is sent once and kept nowhere. `note` says why it is asked for, if not for the first time. */
export function LoginForm({ note, onLogin }: { note: string; onLogin: (login: Login) => void }) {
  const { busy, problem, run } = useAction();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const key = input.current?.value.trim() ?? '';
    if (input.current !== null) input.current.value = '';
    void run(async () => onLogin(await logIn(key)));
  };
  return (
    <main class="login">
      <form class="card" onSubmit={submit}>
        <h1>Daypass</h1>
        <p class="quiet">Sessions of coding agents, and the tokens they hold.</p>
        <label for="key">API key</label>
        <input ref={input} id="key" type="password" autocomplete="off" spellcheck={false} placeholder="dp_…" required />
        <Button type="submit" kind="main" busy={busy.value}>
          Log in
        </Button>
        <p class="refusal" role="alert">
          {problem.value?.message ?? note}
        </p>
      </form>
    </main>
  );
}
