import { Worker } from 'bullmq';
import { loadMinterConfig, loadWardenConfig, loadWorkerConfig } from '../../../src/config.ts';
import { armFailpoints, failpoint } from '../../../src/ops/failpoints.ts';
import { sessionJob, SESSIONS_QUEUE, type SessionJob } from '../../../src/queue/sessions-queue.ts';
import { connectDocker } from '../../../src/runtime/docker/connect.ts';
import type { SessionRecord } from '../../../src/session/record.ts';
import { change } from '../../../src/store/records.ts';
import { connectPatientRedis } from '../../../src/store/redis.ts';

/*
 * The worker that one writes first, and the reason why Daypass is not that: it mints, runs, and deletes the token in
 * BullMQ's completion handler, from a variable. No ledger, no spool, nobody who looks again. Only for the negative
 * control of the fault matrix: what finds no leak here would find none in Daypass either.
 */
process.title = 'daypass-naive-worker';

const config = loadWorkerConfig();
const { relace } = loadMinterConfig();
armFailpoints(config.failpoints);
const redis = connectPatientRedis(config.redisUrl);
const docker = connectDocker(loadWardenConfig().dockerHost);
const authorization = `Bearer ${relace.apiKey.reveal()}`;
const lockDuration = config.jobLockMs;
const tokens = new Map<string, string>();

const worker = new Worker<SessionJob>(
  SESSIONS_QUEUE,
  async (job) => {
    const { sessionId } = sessionJob.parse(job.data);
    const session = await move(sessionId, { status: 'starting', startedAt: now() });
    if (session === null) return;
    try {
      tokens.set(sessionId, await mint(session));
      await failpoint('worker.minted');
      await move(sessionId, { status: 'running', runningAt: now() });
      const exitCode = await run(session, tokens.get(sessionId) ?? '');
      await move(sessionId, { status: exitCode === 0 ? 'succeeded' : 'failed', exitCode, endedAt: now() });
    } catch {
      await move(sessionId, { status: 'failed', endedAt: now() });
    }
  },
  {
    connection: connectPatientRedis(config.redisUrl),
    concurrency: config.concurrency,
    lockDuration,
    stalledInterval: lockDuration / 4,
  },
);
worker.on('error', () => undefined);
worker.on('completed', (job) => {
  void (async () => {
    await failpoint('worker.handler_begun');
    const token = tokens.get(job.data.sessionId);
    if (token === undefined) return;
    tokens.delete(job.data.sessionId);
    await fetch(`${relace.baseUrl}/repo_token/${token}`, { method: 'DELETE', headers: { authorization } });
  })().catch(() => undefined);
});
await worker.waitUntilReady();
process.stdout.write('worker ready\n');
process.on('SIGTERM', () => process.exit());

async function move(sessionId: string, to: Partial<SessionRecord>): Promise<SessionRecord | null> {
  let moved = false;
  const { session } = await change(redis, { sessionId }, (view) => {
    moved = view.session !== null && view.session.endedAt === null && view.session.status !== to.status;
    if (!moved || view.session === null) return null;
    const events = to.endedAt ? [{ type: 'ended' as const }] : [];
    return { session: { ...view.session, ...to }, events };
  });
  return moved ? session : null;
}

async function mint({ id, request }: SessionRecord): Promise<string> {
  const response = await fetch(`${relace.baseUrl}/repo_token`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({
      name: `daypass ${id}`,
      repo_ids: request.repos.map((repo) => repo.id),
      ttl_seconds: request.maxTimeoutSeconds,
    }),
  });
  return ((await response.json()) as { token: string }).token;
}

async function run({ id, request }: SessionRecord, token: string): Promise<number> {
  const url = `${relace.baseUrl.replace('http://', `http://token:${token}@`)}/repo/${request.repos[0]?.id ?? ''}.git`;
  const script = 'git clone -q "$0" /tmp/repo && cd /tmp/repo && exec "$@"';
  const container = await docker.createContainer({
    Image: request.image,
    Entrypoint: ['sh', '-c', script, url],
    Cmd: request.command ?? [],
    Env: [`DAYPASS_SESSION_ID=${id}`],
    Labels: { 'daypass.installation': config.installation, 'daypass.session': id },
    HostConfig: { NetworkMode: 'host' },
  });
  await container.start();
  const { StatusCode } = (await container.wait()) as { StatusCode: number };
  await container.remove({ force: true });
  return StatusCode;
}

function now(): string {
  return new Date().toISOString();
}
