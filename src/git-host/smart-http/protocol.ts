import { HostError } from '../http/host-error.ts';

const SERVICES = ['upload-pack', 'receive-pack'] as const;

/** What git asks for: `upload-pack` sends (clone, fetch), `receive-pack` takes (push). */
export type Service = (typeof SERVICES)[number];

/** The service that `?service=git-…` names. Throws `forbidden` for none (the dumb protocol) and any other. */
export function parseService(value: string | null): Service {
  const service = SERVICES.find((each) => value === `git-${each}`);
  if (service === undefined) {
    throw new HostError('forbidden', 'only git-upload-pack and git-receive-pack over smart HTTP are served');
  }
  return service;
}

/** A Git-Protocol header that may reach git's environment: short `key` or `key=value` pairs; null for anything else. */
export function parseProtocol(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string' || header.length > 200) return null;
  return /^[a-z0-9]+(=[a-z0-9.]+)?(:[a-z0-9]+(=[a-z0-9.]+)?)*$/.test(header) ? header : null;
}

/** One packet of git's wire format: four hex digits of length, themselves included, then the text. */
export function packetLine(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text;
}

export const FLUSH_PACKET = '0000';
