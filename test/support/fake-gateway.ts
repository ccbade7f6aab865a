import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** What a client asked for, and what it is answered. */
export type Accept = (head: string, socket: Socket) => void;

/** A gateway's Unix socket in a directory of its own, as a sandbox has it mounted. It is gone at the end of the test. */
export class FakeGateway {
  readonly #directory: string;
  #server: Server | null = null;
  readonly #sockets = new Set<Socket>();
  /** The CONNECT requests it was sent, in order. */
  readonly heads: string[] = [];

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(): Promise<FakeGateway> {
    const directory = await mkdtemp(join(tmpdir(), 'daypass-gw-'));
    await chmod(directory, 0o755);
    const gateway = new FakeGateway(directory);
    onTestFinished(() => gateway.remove());
    return gateway;
  }

  get path(): string {
    return join(this.#directory, 'gateway.sock');
  }

  /** Serves connections as they are. */
  async listenRaw(serve: (socket: Socket) => void): Promise<void> {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      serve(socket);
    });
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
    await chmod(this.path, 0o777);
  }

  /** Reads the head of a CONNECT request, then calls back. */
  listen(accept: Accept): Promise<void> {
    return this.listenRaw((socket) => {
      let head = '';
      const read = (chunk: Buffer) => {
        head += chunk.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        socket.off('data', read);
        this.heads.push(head);
        accept(head, socket);
      };
      socket.on('data', read);
    });
  }

  /** Ends like a process that is killed: its connections break, its socket's file may stay. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    await new Promise((resolve) => server.close(resolve));
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
