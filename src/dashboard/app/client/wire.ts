/*
 * What the API answers. The types are those of the schemas that it is checked and documented by; nothing of them is in the
 * page when it is built.
 */
import type { z } from 'zod';
import type { receiptSchema } from '../../../api/schemas/receipt.ts';
import type { workerSchema } from '../../../api/schemas/operations.ts';

export type { WireApiKey as ApiKey } from '../../../api/schemas/api-key.ts';
export type { WireAuditRecord as AuditRecord } from '../../../api/schemas/audit.ts';
export type { Stats } from '../../../api/schemas/operations.ts';
export type { WireSession as Session } from '../../../api/schemas/session.ts';
export type { WireToken as Token } from '../../../api/schemas/token.ts';
export type { SessionEvent } from '../../../session/event.ts';
export type { LogRecord } from '../../../session/log-record.ts';

export type Receipt = z.output<typeof receiptSchema>;
export type Worker = z.output<typeof workerSchema>;

/** A page of a list. */
export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}
