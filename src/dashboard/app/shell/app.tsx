import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { currentLogin, logOut, type Login } from '../client/login.ts';
import { messageOf } from '../client/problem.ts';
import { LoggedIn } from './logged-in.tsx';
import { LoginForm } from './login-form.tsx';

/** Undefined: not known yet; null: nobody. */
type WhoIsIn = Login | null | undefined;

/** The page: a form for a key until somebody is logged in. */
export function App() {
  const login = useSignal<WhoIsIn>(undefined);
  const note = useSignal('');
  useEffect(() => {
    currentLogin().then(
      (found) => (login.value = found),
      (error: unknown) => {
        note.value = messageOf(error);
        login.value = null;
      },
    );
  }, []);
  const leave = (why: string) => {
    note.value = why;
    login.value = null;
  };
  const who = login.value;
  if (who === undefined) return null;
  if (who === null) {
    return (
      <LoginForm
        note={note.value}
        onLogin={(begun) => {
          note.value = '';
          login.value = begun;
        }}
      />
    );
  }
  return (
    <LoggedIn
      key={who.csrfToken}
      login={who}
      onLoggedOut={leave}
      onLogOut={() => {
        leave('');
        void logOut(who).catch(() => leave('The API could not be told of the logout. Close the browser to be sure.'));
      }}
    />
  );
}
