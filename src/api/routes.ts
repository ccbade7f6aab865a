import { changeNetwork } from './operations/change-network.ts';
import { createApiKey } from './operations/create-api-key.ts';
import { deleteSession } from './operations/delete-session.ts';
import { docsOf } from './operations/docs.ts';
import { extendSession } from './operations/extend-session.ts';
import { followEvents } from './operations/follow-events.ts';
import { getLog } from './operations/get-log.ts';
import { getMetrics } from './operations/get-metrics.ts';
import { getReceipt } from './operations/get-receipt.ts';
import { getReceiptKeys } from './operations/get-receipt-keys.ts';
import { getSession } from './operations/get-session.ts';
import { getStats } from './operations/get-stats.ts';
import { healthz, readyz } from './operations/health.ts';
import { listApiKeys } from './operations/list-api-keys.ts';
import { listAudit } from './operations/list-audit.ts';
import { listEvents } from './operations/list-events.ts';
import { listSessions } from './operations/list-sessions.ts';
import { listTokens } from './operations/list-tokens.ts';
import { listWorkers } from './operations/list-workers.ts';
import { revokeApiKey } from './operations/revoke-api-key.ts';
import { revokeToken } from './operations/revoke-token.ts';
import { revokeTokens } from './operations/revoke-tokens.ts';
import { rotateApiKey } from './operations/rotate-api-key.ts';
import { startSession } from './operations/start-session.ts';
import { stopSession } from './operations/stop-session.ts';
import type { Operation } from './operation.ts';

/** Every call of the API. */
export function routes(): Operation[] {
  return docsOf([
    startSession,
    listSessions,
    getSession,
    stopSession,
    extendSession,
    changeNetwork,
    deleteSession,
    getLog,
    listEvents,
    getReceipt,
    followEvents,
    listTokens,
    revokeToken,
    revokeTokens,
    listWorkers,
    getStats,
    createApiKey,
    listApiKeys,
    rotateApiKey,
    revokeApiKey,
    listAudit,
    getReceiptKeys,
    healthz,
    readyz,
    getMetrics,
  ]);
}
