import { Badge } from './badge.tsx';

interface Marked {
  state: string;
  fingerprint: string | null;
  verifiedAt: string | null;
}

/** A token as one sees it in a row: its state, and by what it is recognised. */
export function TokenMark({ token }: { token: Marked | null }) {
  if (token === null) return <span class="quiet">–</span>;
  return (
    <span class="token-mark">
      <Badge state={token.state} />
      {token.verifiedAt !== null && (
        <span class="verified" title="The repo host was seen to refuse it.">
          ✓ verified
        </span>
      )}
      <code>{token.fingerprint}</code>
    </span>
  );
}
