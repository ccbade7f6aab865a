/*
 * What the API answers. The types are those of the schemas that it is checked and documented by; nothing of them is in the
 * page when it is built. A page that was open when the API was renewed meets words that are not known here: each is any text.
 */
import type { z } from 'zod';
import type { WireApiKey } from '../../../api/schemas/api-key.ts';
import type { WireAuditRecord } from '../../../api/schemas/audit.ts';
import type { unreadableSchema } from '../../../api/schemas/common.ts';
import type { Reading } from '../../../api/schemas/reading.ts';
import type { receiptSchema } from '../../../api/schemas/receipt.ts';
import type { workerSchema } from '../../../api/schemas/operations.ts';
import type { WireSession } from '../../../api/schemas/session.ts';
import type { WireToken } from '../../../api/schemas/token.ts';
import type { SessionEvent as KnownEvent } from '../../../session/event.ts';

export type { Stats } from '../../../api/schemas/operations.ts';
export type { LogRecord } from '../../../session/log-record.ts';

export type ApiKey = Reading<WireApiKey>;
export type AuditRecord = Reading<WireAuditRecord>;
export type Session = Reading<WireSession>;
export type Token = Reading<WireToken>;
export type SessionEvent = Reading<KnownEvent>;
export type Receipt = Reading<z.output<typeof receiptSchema>>;
export type Worker = Reading<z.output<typeof workerSchema>>;
export type Unreadable = z.output<typeof unreadableSchema>;

/** A page of a list. */
export interface Page<T> {
  data: T[];
  nextCursor: string | null;
  /** Absent where all of it can be read. */
  unreadable?: Unreadable[];
}
