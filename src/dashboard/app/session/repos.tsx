import type { Session } from '../client/wire.ts';

export function Repos({ session: { repos } }: { session: Session }) {
  return (
    <section aria-label="Repos">
      <h3>Repos</h3>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Path</th>
              <th>Ref</th>
              <th>Access</th>
              <th>Head</th>
              <th>Id</th>
            </tr>
          </thead>
          <tbody>
            {repos.map(({ id, path, ref, access, push, head }) => (
              <tr key={path}>
                <td>{path}</td>
                <td>{ref ?? 'HEAD'}</td>
                <td title={push === null ? undefined : `pushes to ${push.branches.join(', ')}`}>
                  {access}
                  {push !== null && ', ruled'}
                </td>
                <td>
                  <code title={head ?? undefined}>{head?.slice(0, 10) ?? '–'}</code>
                </td>
                <td>
                  <code title={id}>{id.slice(0, 8)}…</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
