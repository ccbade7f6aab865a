import type { Problem } from '../client/problem.ts';

/** Why something was refused, told at once; nothing where it was not. */
export function RefusalNote({ problem }: { problem: Problem | null }) {
  return (
    <div role="alert" class="refusal">
      {problem !== null && (
        <>
          <p>{problem.message}</p>
          {problem.fields.length > 0 && (
            <ul>
              {problem.fields.map(({ path, message }) => (
                <li key={path}>
                  <code>{path}</code> {message}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </div>
  );
}
