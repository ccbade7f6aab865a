import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { NetConnectOpts } from 'node:net';
import { gatewayDir, socketIn } from '../../../src/egress/layout.ts';
import type { Internet } from '../../attacks/rig/internet.ts';
import { PUBLIC_ADDRESS } from '../../attacks/rig/internet.ts';
import { realClientHello } from '../../egress/support/client-hello.ts';
import { startSession, until } from '../../scenarios/session.ts';
import { ACCOUNT_KEY, API_KEY, type Role, type Stack } from '../../support/stack.ts';
import { gitRequests, http } from './requests.ts';

/** A place at which a role listens, with one valid request of each kind that it answers there. */
export interface HangUpTarget {
  role: Role;
  name: string;
  address: NetConnectOpts;
  requests: Buffer[];
}

const SITE = 'site.fuzz.test';
const LARGE_FILE_BYTES = 400_000;

/** A running session whose git goes by the gateway, and the requests of all who speak to this stack's roles. */
export async function recordTargets(stack: Stack, internet: Internet): Promise<HangUpTarget[]> {
  await internet.serve(SITE, [PUBLIC_ADDRESS]);
  const { repoId, former, head } = await makeRepo(stack);
  const { id } = await startSession(stack, {
    repos: [{ id: repoId, push: {} }],
    credentials: { delivery: 'gateway' },
    network: { allow: [SITE, `${SITE}:80`] },
    command: ['sh', '-c', 'echo here; while :; do sleep 1; done'],
  });
  const { container, token } = await until(stack, id, ({ status }) => status === 'running');
  const sandboxId = container?.id ?? '';
  const run = (...names: string[]): NetConnectOpts => ({ path: join(stack.dir, 'run', ...names) });
  const [gitHost, api] = [new URL(stack.gitHostUrl), new URL(stack.apiUrl)];
  const at = ({ hostname, port }: URL): NetConnectOpts => ({ host: hostname, port: Number(port) });
  const place = { head, former, branches: `refs/heads/agent/${id}/` };
  const path = `/v1/repo/${repoId}.git`;
  const gitKey = { authorization: `Basic ${Buffer.from(`x:${ACCOUNT_KEY}`).toString('base64')}` };
  return [
    {
      role: 'gateway',
      name: 'git',
      address: { path: socketIn(gatewayDir(join(stack.dir, 'run'), sandboxId)) },
      requests: gitRequests({ ...place, repo: `http://git.daypass.internal${path}`, headers: {} }),
    },
    {
      role: 'gateway',
      name: 'tunnels',
      address: { path: socketIn(gatewayDir(join(stack.dir, 'run'), sandboxId)) },
      requests: await proxyRequests(`${path}/info/refs?service=git-upload-pack`),
    },
    { role: 'gateway', name: 'health', address: run('health', 'gateway.sock'), requests: [http('GET /healthz')] },
    {
      role: 'git-host',
      name: 'git',
      address: at(gitHost),
      requests: gitRequests({ ...place, repo: path, headers: gitKey }),
    },
    { role: 'git-host', name: 'REST', address: at(gitHost), requests: restRequests(repoId) },
    { role: 'api', name: 'API', address: at(api), requests: apiRequests(api.host, id) },
    {
      role: 'minter',
      name: 'minter',
      address: run('minter.sock'),
      requests: minterRequests(id, sandboxId, token?.id ?? ''),
    },
    {
      role: 'minter',
      name: 'credentials',
      address: run('credentials.sock'),
      requests: [http('POST /credential', { body: { sessionId: id, sandboxId } })],
    },
    { role: 'warden', name: 'warden', address: run('warden', 'engine.sock'), requests: wardenRequests(sandboxId) },
  ];
}

/** A repo of two commits, with a file that takes several packets to send. */
async function makeRepo(stack: Stack): Promise<{ repoId: string; former: string; head: string }> {
  const { repo } = stack.relace();
  const file = { filename: 'large.txt', content: randomBytes(LARGE_FILE_BYTES).toString('base64') };
  const made = await repo.create({ source: { type: 'files', files: [file] } });
  const changed = await repo.update(made.repo_id, {
    source: { type: 'diff', operations: [{ type: 'write', filename: 'more.txt', content: 'more\n' }] },
  });
  return { repoId: made.repo_id, former: made.repo_head, head: changed.repo_head };
}

async function proxyRequests(refs: string): Promise<Buffer[]> {
  const connect = (target: string): Buffer => http(`CONNECT ${target}`, { headers: { host: target } });
  const hello = await realClientHello({ servername: SITE });
  return [
    Buffer.concat([connect('git.daypass.internal:80'), http(`GET ${refs}`)]),
    Buffer.concat([connect(`${SITE}:443`), hello, randomBytes(300)]),
    Buffer.concat([connect(`${SITE}:80`), http('GET /', { headers: { host: SITE } })]),
    connect('evil.fuzz.test:443'),
    http(`GET http://${SITE}/`, { headers: { host: SITE } }),
    http(`POST http://${SITE}/`, { headers: { host: SITE, expect: '100-continue' }, body: 'x'.repeat(2_000) }),
    http('GET /'),
  ];
}

function restRequests(repoId: string): Buffer[] {
  const headers = { authorization: `Bearer ${ACCOUNT_KEY}` };
  const write = (body: object): Buffer => http(`POST /v1/repo/${repoId}/update`, { headers, body });
  return [
    http('GET /healthz'),
    http('GET /v1/repo', { headers }),
    http(`GET /v1/repo/${repoId}/clone`, { headers }),
    http(`GET /v1/repo/${repoId}/file/large.txt`, { headers }),
    http('GET /v1/repo_token', { headers }),
    write({ source: { type: 'diff', operations: [{ type: 'write', filename: 'more.txt', content: 'more\n' }] } }),
    write({ source: { type: 'diff', operations: [{ type: 'no such' }] } }),
  ];
}

function apiRequests(host: string, sessionId: string): Buffer[] {
  const headers = { host, authorization: `Bearer ${API_KEY}` };
  const ask = (path: string, accept = 'application/json'): Buffer =>
    http(`GET ${path}`, { headers: { ...headers, accept } });
  return [
    ask('/healthz'),
    ask('/'),
    ask('/v1/sessions'),
    ask(`/v1/sessions/${sessionId}`),
    ask(`/v1/sessions/${sessionId}/events`, 'text/event-stream'),
    ask(`/v1/sessions/${sessionId}/logs?follow=true`, 'text/plain'),
    ask('/v1/events', 'text/event-stream'),
    ask('/v1/tokens'),
    ask('/metrics'),
    // Refused at its end, so that no session comes of it.
    http('POST /v1/sessions', { headers, body: { repos: [{ id: 'r', path: '../x' }], env: { A: 'a'.repeat(3_000) } } }),
    http(`PATCH /v1/sessions/${sessionId}/network`, { headers, body: { allow: [SITE, `${SITE}:80`] } }),
  ];
}

function minterRequests(sessionId: string, sandboxId: string, tokenId: string): Buffer[] {
  return [
    http('GET /healthz'),
    http('GET /keys'),
    http('POST /open', { body: { sessionId, sandboxId, purpose: 'mask' } }),
    // Of a token that there is, which is a success and changes nothing.
    http('POST /mint', { body: { tokenId } }),
    http('POST /revoke', { body: { tokenId: 'tok_nobody' } }),
  ];
}

function wardenRequests(sandboxId: string): Buffer[] {
  return [
    http('GET /_ping'),
    http('GET /containers/json?all=true'),
    http(`GET /containers/${sandboxId}/json`),
    http('POST /containers/create?name=nothing', { body: { Image: 'x'.repeat(500) } }),
  ];
}
