import { useSignal } from '@preact/signals';
import { Button } from '../ui/button.tsx';
import { Field } from './field.tsx';

const MAX_REPOS = 16;

/** One row a repo. `onChange` is told of rows that come and go, as no input tells of those. */
export function RepoFields({ onChange }: { onChange: () => void }) {
  // Numbers that stay with their rows, whichever of them is taken away.
  const rows = useSignal([0]);
  const change = (wanted: number[]) => {
    rows.value = wanted;
    onChange();
  };
  return (
    <fieldset>
      <legend>Repos</legend>
      {rows.value.map((row, index) => (
        <div class="fields repo" key={row}>
          <Field label="Repo id" path={`repos[${index}].id`} hint="its UUID at the repo host" wide>
            {(input) => <input {...input} name="repo.id" required spellcheck={false} />}
          </Field>
          <Field label="Ref" path={`repos[${index}].ref`} hint="branch, tag or commit; else HEAD">
            {(input) => <input {...input} name="repo.ref" spellcheck={false} />}
          </Field>
          <Field label="Path" path={`repos[${index}].path`} hint="below /workspace; else the id">
            {(input) => <input {...input} name="repo.path" spellcheck={false} />}
          </Field>
          <Field label="Access" path={`repos[${index}].access`}>
            {(input) => (
              <select {...input} name="repo.access">
                <option value="write">write</option>
                <option value="read">read</option>
              </select>
            )}
          </Field>
          <Field label="Depth" path={`repos[${index}].depth`} hint="commits; else all">
            {(input) => <input {...input} name="repo.depth" type="number" min={1} />}
          </Field>
          {rows.value.length > 1 && (
            <Button
              label={`Without repo ${index + 1}`}
              onClick={() => change(rows.value.filter((other) => other !== row))}
            >
              ✕
            </Button>
          )}
        </div>
      ))}
      {rows.value.length < MAX_REPOS && (
        <Button onClick={() => change([...rows.value, Math.max(...rows.value) + 1])}>Another repo</Button>
      )}
    </fieldset>
  );
}
