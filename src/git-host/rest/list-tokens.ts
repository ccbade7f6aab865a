import type { AccountOperation } from '../host.ts';
import { sendJson } from '../http/send-json.ts';
import { fingerprintOf } from '../tokens/token-value.ts';
import { isoTime, tokenToWire } from './schemas.ts';

/** GET /repo_token: the live tokens, newest first. The hosted service has no such call; values are shown to nobody. */
export const listTokens: AccountOperation = async (host, { res }) => {
  const items = host.tokens.list().map((token) => ({
    ...tokenToWire(token),
    fingerprint: fingerprintOf(token.hash),
    access: Object.fromEntries(token.grants),
    created_at: isoTime(token.createdAtMs),
  }));
  sendJson(res, 200, { items, total_items: items.length });
};
