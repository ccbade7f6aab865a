import { useSignal } from '@preact/signals';
import { Button } from '../ui/button.tsx';
import { Field } from './field.tsx';

/** Names and values that are sent once: the page keeps neither, and the browser is asked not to. */
export function SecretFields() {
  const rows = useSignal([0]);
  return (
    <Field label="Secrets" path="secrets" hint="sealed at once, masked in the log, never shown again" wide>
      {(input) => (
        <div class="stack" role="group" aria-label="Secrets">
          {rows.value.map((row, index) => (
            <div class="pair-row" key={row}>
              <input
                {...(index === 0 ? input : {})}
                name="secret.name"
                aria-label={`Name of secret ${index + 1}`}
                placeholder="MODEL_API_KEY"
                autocomplete="off"
                spellcheck={false}
              />
              <input
                name="secret.value"
                type="password"
                aria-label={`Value of secret ${index + 1}`}
                autocomplete="new-password"
                spellcheck={false}
              />
            </div>
          ))}
          <Button onClick={() => (rows.value = [...rows.value, rows.value.length])}>Another secret</Button>
        </div>
      )}
    </Field>
  );
}
