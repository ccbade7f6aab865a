import { useSignal } from '@preact/signals';
import { Field } from './field.tsx';

/** What runs: a script, a program with its arguments, or nothing, until somebody stops it. */
export function CommandFields() {
  const kind = useSignal('script');
  return (
    <fieldset>
      <legend>Command</legend>
      <div class="fields">
        <Field label="Kind" path="command.kind">
          {(input) => (
            <select
              {...input}
              name="command.kind"
              value={kind.value}
              onChange={(event) => (kind.value = event.currentTarget.value)}
            >
              <option value="script">script for bash</option>
              <option value="arguments">program and arguments, one a line</option>
              <option value="none">none: interactive</option>
            </select>
          )}
        </Field>
        <Field label="Image" path="image" hint="daypass/sandbox when left empty">
          {(input) => <input {...input} name="image" spellcheck={false} />}
        </Field>
        {kind.value !== 'none' && (
          <Field label={kind.value === 'script' ? 'Script' : 'Program and arguments'} path="command" wide>
            {(input) => <textarea {...input} name="command" rows={4} required spellcheck={false} />}
          </Field>
        )}
      </div>
    </fieldset>
  );
}
