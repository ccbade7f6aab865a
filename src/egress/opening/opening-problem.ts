import { shownHost, type Target } from '../target.ts';
import type { Opening } from './opening-reader.ts';

/** How long a client may take to say what it wants. */
export const OPENING_TIMEOUT_MS = 5_000;

/**
 * Why a connection that begins so may not go on to the target; null when it may.
 */
export function openingProblem(opening: Opening | 'late' | 'ended', target: Target): string | null {
  const why = reasonAgainst(opening, target);
  return why === null ? null : `${why}; a rule tcp://${target.host}:${target.port} would let any bytes through`;
}

function reasonAgainst(opening: Opening | 'late' | 'ended', target: Target): string | null {
  if (opening === 'ended') return 'the connection ended before it said what it is';
  if (opening === 'late') return `nothing came within ${OPENING_TIMEOUT_MS / 1000} s that is TLS or HTTP`;
  if (opening.kind === 'http') return null;
  if (opening.kind === 'other') return 'what came is neither TLS nor HTTP';
  if (opening.kind === 'broken') return 'what came is no TLS ClientHello in good form';
  // An inner name (Encrypted ClientHello) reaches what domain fronting does, and browsers pretend to have one every time.
  const { serverName } = opening.hello;
  if (serverName === null) return 'the TLS handshake names no host (no SNI)';
  if (serverName.toLowerCase() !== target.host) return `the TLS handshake asks for ${shownHost(serverName)} instead`;
  return null;
}
