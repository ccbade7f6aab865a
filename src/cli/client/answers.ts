import type { WireApiKey } from '../../api/schemas/api-key.ts';
import type { WireAuditRecord } from '../../api/schemas/audit.ts';
import type { Reading } from '../../api/schemas/reading.ts';
import type { WireSession } from '../../api/schemas/session.ts';
import type { WireToken } from '../../api/schemas/token.ts';

/** What the API answers, as this program must take it: a newer one may say more. */
export type SessionAnswer = Reading<WireSession>;
export type TokenAnswer = Reading<WireToken>;
export type ApiKeyAnswer = Reading<WireApiKey>;
export type AuditAnswer = Reading<WireAuditRecord>;
