import { useRef } from 'preact/hooks';
import { SESSION_STATUSES } from '../../../session/status.ts';
import { formText } from '../ui/form-text.ts';
import { parseFilter, type Filter } from './filter.ts';

interface FilterFormProps {
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

/** By status at once, by metadata or id when it is entered. */
export function FilterForm({ filter, onFilter }: FilterFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const apply = (event?: SubmitEvent) => {
    event?.preventDefault();
    if (form.current === null) return;
    const data = new FormData(form.current);
    onFilter(parseFilter(formText(data, 'status'), formText(data, 'search')));
  };
  return (
    <form ref={form} role="search" class="filter" onSubmit={apply}>
      <select name="status" aria-label="Status" value={filter.status ?? ''} onChange={() => apply()}>
        <option value="">all states</option>
        {SESSION_STATUSES.map((status) => (
          <option key={status} value={status}>
            {status.replaceAll('_', ' ')}
          </option>
        ))}
      </select>
      <input
        name="search"
        type="search"
        aria-label="Metadata or id"
        placeholder="key=value or ses_…"
        defaultValue={textOf(filter)}
        spellcheck={false}
      />
      <button type="submit">Filter</button>
    </form>
  );
}

function textOf({ metadata, id }: Filter): string {
  const pairs = Object.entries(metadata).map(([name, value]) => `${name}=${value}`);
  return [...(id === null ? [] : [id]), ...pairs].join(' ');
}
