import { createContext, type ComponentChildren } from 'preact';
import { useContext, useId } from 'preact/hooks';
import type { FieldError } from '../../../errors.ts';

/** What the API said of the fields of the form that it refused. */
export const FieldErrors = createContext<FieldError[]>([]);

interface FieldProps {
  label: string;
  /** Where the API has it, such as `repos[0].ref`; what it says of anything below that is said here too. */
  path: string;
  hint?: string;
  wide?: boolean;
  /** Spread over the input. */
  children: (input: FieldInput) => ComponentChildren;
}

interface FieldInput {
  id: string;
  'aria-invalid': boolean;
  'aria-describedby': string;
}

/** A label, an input, and below it what is wrong with it. */
export function Field({ label, path, hint, wide = false, children }: FieldProps) {
  const id = useId();
  const errors = useContext(FieldErrors).filter((error) => isAt(error.path, path));
  return (
    <div class={wide ? 'field wide' : 'field'} data-path={path}>
      <label for={id}>{label}</label>
      {children({ id, 'aria-invalid': errors.length > 0, 'aria-describedby': `${id}-note` })}
      <p id={`${id}-note`} class={errors.length > 0 ? 'wrong' : 'quiet'}>
        {errors.length > 0 ? errors.map(({ path: at, message }) => `${below(at, path)}${message}`).join('; ') : hint}
      </p>
    </div>
  );
}

function isAt(errorPath: string, path: string): boolean {
  return errorPath === path || errorPath.startsWith(`${path}.`) || errorPath.startsWith(`${path}[`);
}

function below(errorPath: string, path: string): string {
  const rest = errorPath.slice(path.length).replace(/^\./, '');
  return rest === '' ? '' : `${rest} `;
}
