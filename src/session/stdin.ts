import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import type { FieldError } from '../errors.ts';
import { isTooShortToMask, MAX_SECRET_LINES, secretLines } from '../token/secret-forms.ts';

export const MAX_STDIN_BYTES = 1024 * 1024;

/** All secrets of a request together; a standard input with `secret: true` is one of them. */
export const MAX_SECRETS_BYTES = 256 * 1024;

/** Under this name a secret standard input is sealed among the secrets. No variable can be called so. */
export const STDIN_SECRET = '/dev/stdin';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const fields = z
  .strictObject({
    text: z.string().optional(),
    base64: z.string().optional().meta({ description: 'RFC 4648, with padding; for bytes of any kind.' }),
    secret: z.boolean().default(false).meta({
      description: `Sealed as secrets are and masked in the log; it must be UTF-8 text, and counts for the bounds of secrets.`,
    }),
  })
  .superRefine(({ text, base64 }, context) => {
    const message = shapeProblem(text, base64);
    if (message !== null) context.addIssue({ code: 'custom', ...message });
  });

/** `stdin` of POST /v1/sessions. */
export const stdin = fields.meta({
  id: 'StandardInput',
  description:
    `What the command reads from its standard input before its end: either text or base64, at most ${MAX_STDIN_BYTES} bytes. ` +
    'Left out: it reads /dev/null. Never returned.',
});

export type StandardInput = z.output<typeof stdin>;

/** What a session's record says of its standard input. */
export interface StdinFacts {
  bytes: number;
  /** It is among the sealed secrets; else it has a place of its own in the store. */
  secret: boolean;
}

/** The bytes that a standard input which is sound stands for. */
export function stdinBytes({ text, base64 }: StandardInput): Buffer {
  return text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text);
}

/** What is wrong with the standard input of a request, beside its form: it needs a command, and a secret one can be masked. */
export function stdinProblems(body: {
  stdin?: StandardInput | undefined;
  command?: string[] | undefined;
  secrets: Record<string, string>;
}): FieldError[] {
  if (body.stdin === undefined) return [];
  if (body.command === undefined) return [{ path: 'stdin', message: 'needs a command that reads it' }];
  return body.stdin.secret ? secretProblems(body.stdin, Object.values(body.secrets)) : [];
}

/** Whether it is a secret that no mask can keep. */
export function isStdinTooShortToMask(given: StandardInput | undefined): boolean {
  return given?.secret === true && isTooShortToMask(stdinBytes(given).toString());
}

function shapeProblem(text: string | undefined, base64: string | undefined) {
  if ((text === undefined) === (base64 === undefined)) return { path: [], message: 'must have either text or base64' };
  if (text !== undefined) {
    if (!text.isWellFormed()) return { path: ['text'], message: 'must be valid Unicode' };
    return lengthProblem('text', Buffer.byteLength(text));
  }
  const given = base64 ?? '';
  if (given.length % 4 !== 0 || !BASE64.test(given))
    return { path: ['base64'], message: 'must be base64 with padding' };
  return lengthProblem('base64', Buffer.byteLength(given, 'base64'));
}

function lengthProblem(field: string, bytes: number) {
  if (bytes <= MAX_STDIN_BYTES) return null;
  return { path: [field], message: `must have at most ${MAX_STDIN_BYTES} bytes; this has ${bytes}` };
}

function secretProblems(given: StandardInput, others: string[]): FieldError[] {
  const path = given.text === undefined ? 'stdin.base64' : 'stdin.text';
  const bytes = stdinBytes(given);
  if (!isUtf8(bytes)) return [{ path, message: 'must be UTF-8 text, as nothing else can be masked' }];
  const all = [bytes.toString(), ...others];
  const length = all.reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  const lines = all.reduce((sum, value) => sum + secretLines(value), 0);
  return [
    ...(length > MAX_SECRETS_BYTES ? [{ path, message: boundOf(MAX_SECRETS_BYTES, 'bytes', length) }] : []),
    ...(lines > MAX_SECRET_LINES ? [{ path, message: boundOf(MAX_SECRET_LINES, 'lines', lines) }] : []),
  ];
}

function boundOf(limit: number, unit: string, found: number): string {
  return `must have at most ${limit} ${unit} together with secrets, when it is secret; these have ${found}`;
}
