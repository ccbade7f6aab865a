import type { ComponentChildren } from 'preact';

/** Names and what they are; those without anything are left out. */
export function Facts({ facts, label }: { facts: [name: string, value: ComponentChildren][]; label: string }) {
  return (
    <dl class="facts" aria-label={label}>
      {facts
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
