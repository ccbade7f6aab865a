import type { AccountOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { sendNothing } from '../http/send-json.ts';
import { hashToken } from '../tokens/token-value.ts';

/** DELETE /repo_token/{token}. When it answers, every use of the token is refused and nothing runs with it any more. */
export const deleteToken: AccountOperation = async (host, { res, params }) => {
  const hash = hashToken(params['token'] ?? '');
  if (!host.tokens.delete(hash)) throw new HostError('not_found', 'token not found');
  await host.uses.endToken(hash);
  sendNothing(res);
};
