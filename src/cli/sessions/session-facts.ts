import type { SessionAnswer } from '../client/answers.ts';
import { visible } from '../terminal/visible.ts';

/** All of a session for people: a name and a value a line, what is not known left out. */
export function sessionFacts(session: SessionAnswer): string[] {
  const { token, container, failure, webhook } = session;
  const rows: [string, string | null][] = [
    ['session', session.id],
    ['status', session.status],
    ['exit code', text(session.exitCode)],
    ['failure', failure && `${failure.code} (at ${failure.step}): ${failure.message}`],
    ['queued', session.queuePosition === null ? null : `${session.queuePosition} before it`],
    ...session.repos.map((repo): [string, string] => ['repo', repoText(repo)]),
    ['created', session.createdAt],
    ['started', session.startedAt],
    ['running', session.runningAt],
    ['ended', session.endedAt],
    ['deadline', session.endedAt === null ? session.deadlineAt : null],
    ['timings', timingsText(session.timings)],
    [
      'token',
      token && `${token.id} ${token.state}, fingerprint ${token.fingerprint ?? '-'} (${token.provider ?? '-'})`,
    ],
    ['delivery', session.credentials.delivery],
    ['minted', token?.mintedAt ?? null],
    ['expires', token === null || token.revokedAt !== null ? null : token.expiresAt],
    ['revoked', token?.revokedAt ?? null],
    ['seen refused', token?.verifiedAt ?? null],
    ['container', container && `${container.id} of ${container.image}`],
    ['removed', container?.removedAt ?? null],
    ['worker', session.worker],
    ['webhook', webhook && webhook.url],
    ...Object.entries(session.metadata).map(([name, value]): [string, string] => ['metadata', `${name}=${value}`]),
    ['started by', session.keyId],
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(14)}${visible(value)}`]));
}

function text(value: number | null): string | null {
  return value === null ? null : `${value}`;
}

function repoText({ id, ref, path, access, head, push }: SessionAnswer['repos'][number]): string {
  const pushes = push === null ? '' : `, pushes ${push.branches.join(' ')}`;
  return `${id}${ref === null ? '' : `@${ref}`} in ${path} (${access}${pushes})${head === null ? '' : ` at ${head.slice(0, 12)}`}`;
}

function timingsText(timings: SessionAnswer['timings']): string | null {
  const names = {
    queuedMs: 'queued',
    mintMs: 'mint',
    containerMs: 'container',
    cloneMs: 'clone',
    toRunningMs: 'in all',
  };
  const parts = Object.entries(names).flatMap(([field, name]) => {
    const value = timings[field as keyof typeof names];
    return value === null ? [] : [`${name} ${value} ms`];
  });
  return parts.length === 0 ? null : parts.join(', ');
}
