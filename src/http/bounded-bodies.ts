import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { lingeringClose } from './linger.ts';
import { boundPieces } from './small-pieces.ts';

/*
 * Properties of the instances, not of the classes: Express gives each request and response another prototype.
 */

class BoundedRequest extends IncomingMessage {
  constructor(socket: Socket) {
    super(socket);
    boundPieces(this);
    // How Node closes a connection after its last answer.
    socket.destroySoon = () => (this.complete ? Socket.prototype.destroySoon.call(socket) : lingeringClose(this));
  }
}

class ClosingResponse extends ServerResponse<BoundedRequest> {
  constructor(req: BoundedRequest) {
    super(req);
    const writeHead = this.writeHead.bind(this) as (...args: unknown[]) => this;
    this.writeHead = (...args: unknown[]) => {
      if (!req.complete && hasBody(req)) this.shouldKeepAlive = false;
      return writeHead(...args);
    };
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * For the options of each HTTP server whose callers are not trusted, so that no route has to think of it: bodies of tiny chunks are
 * cut off (see `boundPieces`), and a request that is answered before all of its body came is the last one of its connection,
 * which closes within bounds of bytes and time (see `lingeringClose`).
 */
export const BOUNDED_BODIES = { IncomingMessage: BoundedRequest, ServerResponse: ClosingResponse };
