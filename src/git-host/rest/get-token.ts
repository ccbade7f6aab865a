import type { AccountOperation } from '../host.ts';
import { HostError } from '../http/host-error.ts';
import { sendJson } from '../http/send-json.ts';
import { hashToken } from '../tokens/token-value.ts';
import { tokenToWire } from './schemas.ts';

/** GET /repo_token/{token}. */
export const getToken: AccountOperation = async (host, { res, params }) => {
  const token = host.tokens.find(hashToken(params['token'] ?? ''));
  if (token === null) throw new HostError('not_found', 'token not found');
  sendJson(res, 200, tokenToWire(token));
};
