import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dial } from '../../src/egress/dial.ts';
import { launchBrowser } from '../support/browser.ts';
import { gatewayRig, serve } from './support/rig.ts';

const PUBLIC = '93.184.215.14';

/** A key and a certificate that nobody vouches for. */
function selfSigned(): { key: Buffer; cert: Buffer } {
  const dir = mkdtempSync(join(tmpdir(), 'dp-site-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const [keyFile, certFile] = [join(dir, 'key'), join(dir, 'cert')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  execFileSync('openssl', [...request, '-subj', '/CN=site', '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
  return { key: readFileSync(keyFile), cert: readFileSync(certFile) };
}

test('a browser, with all that its TLS handshakes hold, reads an allowed site and no other', async () => {
  const site = createServer(selfSigned(), (_req, res) => res.end('<h1>the site</h1>'));
  const sitePort = await serve(site);
  const gateway = await gatewayRig({
    repoPort: 1,
    resolve: async () => [PUBLIC],
    dial: () => dial(['127.0.0.1'], sitePort),
  });
  await gateway.start();
  const socket = await gateway.sandbox('sbx_browser', ['site.example.com']);
  // What init is in a sandbox.
  const proxyPort = await serve(
    createTcpServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({ path: socket, allowHalfOpen: true });
      for (const end of [client, upstream]) end.on('error', () => end.destroy());
      client.pipe(upstream).pipe(client);
    }),
  );
  const browser = await launchBrowser([
    `--proxy-server=http://127.0.0.1:${proxyPort}`,
    '--proxy-bypass-list=<-loopback>',
    '--ignore-certificate-errors',
  ]);
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto('https://site.example.com/');
  expect(await page.getByRole('heading').textContent()).toBe('the site');
  await expect(page.goto('https://other.example.com/')).rejects.toThrow(/ERR_TUNNEL_CONNECTION_FAILED/);
  const decisions = await gateway.decisions('sbx_browser');
  expect(decisions).toContainEqual(expect.objectContaining({ host: 'site.example.com', verdict: 'allowed' }));
  expect(decisions).toContainEqual(expect.objectContaining({ host: 'other.example.com', verdict: 'refused' }));
  expect(decisions.filter(({ host, verdict }) => host === 'site.example.com' && verdict === 'refused')).toEqual([]);
});
