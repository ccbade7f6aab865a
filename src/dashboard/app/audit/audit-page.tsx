import { AUDIT_RECORD } from '../client/page-of.ts';
import type { AuditRecord } from '../client/wire.ts';
import { Badge } from '../ui/badge.tsx';
import { More } from '../ui/more.tsx';
import { Moment } from '../ui/time.tsx';
import { UnreadableNote } from '../ui/unreadable-note.tsx';
import { usePages } from '../ui/use-pages.ts';

/** Who did what, from where, and what came of it; newest first, for operators. */
export function AuditPage() {
  const audit = usePages<AuditRecord>('/v1/audit?limit=100', AUDIT_RECORD);
  return (
    <section aria-labelledby="audit-title">
      <div class="title">
        <h2 id="audit-title">Audit</h2>
        <button type="button" onClick={audit.reload}>
          Look again
        </button>
      </div>
      {audit.failure.value !== null && <p role="alert">{audit.failure.value}</p>}
      <UnreadableNote unreadable={audit.unreadable.value} />
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Time</th>
              <th>Who</th>
              <th>Did</th>
              <th>Outcome</th>
              <th>About</th>
              <th>From</th>
            </tr>
          </thead>
          <tbody>
            {audit.items.value?.map((record) => (
              <AuditRow key={record.id} record={record} />
            ))}
          </tbody>
        </table>
      </div>
      <More hasMore={audit.hasMore.value} onMore={audit.more} />
    </section>
  );
}

function AuditRow({ record }: { record: AuditRecord }) {
  const { time, keyName, keyId, action, outcome, sessionId, targetId, address, detail } = record;
  return (
    <tr>
      <td>
        <Moment at={time} />
      </td>
      <td title={keyId ?? undefined}>{keyName ?? keyId ?? 'nobody known'}</td>
      <td title={JSON.stringify(detail)}>{action}</td>
      <td>
        <Badge state={outcome} />
      </td>
      <td>
        {sessionId !== null && (
          <a href={`#${sessionId}`}>
            <code>{sessionId}</code>
          </a>
        )}{' '}
        {targetId !== null && <code>{targetId}</code>}
      </td>
      <td>{address ?? '–'}</td>
    </tr>
  );
}
