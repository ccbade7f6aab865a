import type { ComponentChildren } from 'preact';

interface ButtonProps {
  children: ComponentChildren;
  type?: 'button' | 'submit';
  kind?: 'main' | 'danger';
  busy?: boolean;
  label?: string;
  onClick?: () => void;
}

export function Button({ children, type = 'button', kind, busy = false, label, onClick }: ButtonProps) {
  return (
    <button type={type} class={kind} disabled={busy} aria-busy={busy} aria-label={label} onClick={onClick}>
      {children}
    </button>
  );
}
