import { Field } from './field.tsx';

const NUMBERS = [
  { path: 'timeoutSeconds', label: 'Timeout', hint: 'seconds; 3600 when left empty', min: 1 },
  { path: 'maxTimeoutSeconds', label: 'Longest timeout', hint: 'seconds; how far it can be extended', min: 1 },
  { path: 'resources.cpus', label: 'CPUs', hint: '1 when left empty', min: 0.1, step: 0.1 },
  { path: 'resources.memoryMb', label: 'Memory', hint: 'MB; 4096 when left empty', min: 16 },
  { path: 'resources.diskMb', label: 'Disk', hint: 'MB; 2048 when left empty', min: 8 },
  { path: 'resources.pids', label: 'Processes', hint: '256 when left empty', min: 8 },
];

/** How much it may take, what it may reach, and where its token is. */
export function LimitFields() {
  return (
    <fieldset>
      <legend>Limits</legend>
      <div class="fields">
        {NUMBERS.map(({ path, label, hint, min, step }) => (
          <Field key={path} label={label} path={path} hint={hint}>
            {(input) => <input {...input} name={path} type="number" min={min} step={step ?? 1} />}
          </Field>
        ))}
        <Field label="Token" path="credentials">
          {(input) => (
            <select {...input} name="delivery">
              <option value="env">in its environment</option>
              <option value="gateway">at the gateway; it never enters</option>
            </select>
          )}
        </Field>
        <Field label="Network" path="network" hint="hosts besides the repo host, one a line; none when empty" wide>
          {(input) => <textarea {...input} name="network.allow" rows={3} spellcheck={false} />}
        </Field>
      </div>
    </fieldset>
  );
}
