import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NetworkDecision } from './decisions/decision.ts';
import type { Meter } from './pump.ts';
import type { Target } from './target.ts';

/** One HTTP request that came over a sandbox's socket. */
export interface SandboxRequest {
  req: IncomingMessage;
  res: ServerResponse;
  /** Where it is to go, by its absolute URL or by the tunnel that it came through; null when it asks the gateway itself. */
  target: Target | null;
  /** Path and query, from `/` on. */
  path: string;
  /** What is read of it and answered goes no faster than these let it. */
  meters: { sent: Meter; received: Meter };
  /** Writes down what became of it. Whoever answers a request decides on it. */
  record: (target: Target, verdict: NetworkDecision['verdict'], reason: string | null) => Promise<void>;
}

/**
 * Answers some of a sandbox's requests in the gateway, where they would otherwise be forwarded or refused. Each sandbox has
 * its own, made from its policy and made anew when that changes; a request goes to the first that serves its target.
 */
export interface RequestHandler {
  /** Whether requests to the target, or (null) to the gateway itself, are this one's. Tunnels to it are read as HTTP. */
  serves(target: Target | null): boolean;
  /** Must end the answer. A rejection cuts the connection. */
  handle(request: SandboxRequest): Promise<void>;
}

/** The handlers of one sandbox; none when its policy asks for none. */
export type HandlersFor<Policy> = (policy: Policy) => RequestHandler[];
