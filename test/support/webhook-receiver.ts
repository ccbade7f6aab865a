import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

/** An obviously fake secret of a test. */
export const WEBHOOK_SECRET = `whsec_${Buffer.from('an obviously fake secret of a test').toString('base64')}`;

interface Received {
  id: string;
  headers: IncomingHttpHeaders;
  path: string;
  text: string;
  /** Verified as a receiver would, by the library; null when that refuses it. */
  body: { type: string; timestamp: string; data: Record<string, unknown> } | null;
}

export interface WebhookReceiver extends AsyncDisposable {
  port: number;
  /** `localhost:PORT`, as `DAYPASS_WEBHOOK_PRIVATE_HOSTS` names it. */
  host: string;
  url: string;
  /** The certificate that it shows, PEM; for `localhost` alone. */
  certificate: string;
  /** Path of a file with it. */
  certificateFile: string;
  received: Received[];
  /** How it answers from now on; by default 204. */
  answer: (received: Received, res: ServerResponse) => void;
}

/** A receiver of webhooks on this machine, with a certificate of its own. */
export async function startReceiver(names: string[] = ['localhost']): Promise<WebhookReceiver> {
  const dir = mkdtempSync(join(tmpdir(), 'daypass-receiver-'));
  const [keyFile, certificateFile] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const alternatives = names.map((name) => `DNS:${name}`).join(',');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${alternatives}`];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', keyFile, '-out', certificateFile], {
    stdio: 'ignore',
  });
  const certificate = readFileSync(certificateFile, 'utf8');
  const received: Received[] = [];
  const server: Server = createServer({ key: readFileSync(keyFile), cert: certificate }, (req, res) => {
    const take = async (): Promise<void> => {
      const sent = await text(req);
      const { headers, url: path = '' } = req;
      const id = String(headers['webhook-id']);
      const one: Received = { id, headers, path, text: sent, body: verified(sent, headers) };
      received.push(one);
      receiver.answer(one, res);
    };
    void take();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver: WebhookReceiver = {
    port,
    host: `localhost:${port}`,
    url: `https://localhost:${port}/hooks/obviously-fake?key=of-a-test`,
    certificate,
    certificateFile,
    received,
    answer: (_received, res) => void res.writeHead(204).end(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return receiver;
}

function verified(sent: string, headers: IncomingHttpHeaders): Received['body'] {
  try {
    return new Webhook(WEBHOOK_SECRET).verify(sent, headers as Record<string, string>) as Received['body'];
  } catch {
    return null;
  }
}
