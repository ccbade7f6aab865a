import { describe } from '../../errors.ts';
import { EngineRefusal } from '../../runtime/docker/engine-api.ts';
import { WardenRefusal } from '../refusal.ts';
import type { Answer } from '../route.ts';

/** What nobody answered to, or not in time; of Node's errors those of a connection, and of aborted signals. */
const AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EACCES', 'EPIPE', 'ETIMEDOUT', 'ABORT_ERR']);

/**
 * Anything thrown, as the caller is told: the engine's own refusals as they are, an engine that is away as 503. null: it
 * is our own fault.
 */
export function toAnswer(thrown: unknown): Answer | null {
  if (thrown instanceof WardenRefusal) {
    return { status: thrown.status, json: { message: thrown.message, ...(thrown.code && { code: thrown.code }) } };
  }
  if (thrown instanceof EngineRefusal) return { status: thrown.statusCode, json: { message: thrown.message } };
  if (isAway(thrown)) return { status: 503, json: { message: `The engine does not answer: ${describe(thrown)}` } };
  return null;
}

function isAway(thrown: unknown): boolean {
  const { code, name, syscall } = (thrown ?? {}) as { code?: unknown; name?: unknown; syscall?: unknown };
  if (name === 'AbortError' || name === 'TimeoutError') return true;
  if (code === 'ENOENT' || code === 'EACCES') return syscall === 'connect';
  return typeof code === 'string' && AWAY.has(code);
}
