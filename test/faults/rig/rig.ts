import { hostname } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { checkInvariants } from '../../../src/invariants/check-invariants.ts';
import type { Witness } from '../../../src/invariants/facts.ts';
import type { Violation } from '../../../src/invariants/violation.ts';
import { openSessionsQueue } from '../../../src/queue/sessions-queue.ts';
import { connectRedis, redisReady, type Redis } from '../../../src/store/redis.ts';
import { inBatches } from '../../../src/token/minter/in-batches.ts';
import { Secret } from '../../../src/token/secret.ts';
import { startTestRedis } from '../../support/redis.ts';
import { ACCOUNT_KEY, startStack, type Stack } from '../../support/stack.ts';
import { startReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';
import { startLossyProvider, type LossyProvider } from './lossy-provider.ts';
import type { OwnEngine } from './own-engine.ts';
import { startRedisProxy, type RedisProxy } from './redis-proxy.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';
import { supervise, SUPERVISED, type Supervision } from './supervision.ts';
import { createWorkload, type Workload } from './workload.ts';

const REDIS_TIMEOUT_MS = 10_000;
/** Settings of the directories below which something is made per sandbox. */
const SANDBOX_PLACES = ['DAYPASS_RUN_DIR', 'DAYPASS_DATA_DIR', 'DAYPASS_MEMORY_DIR', 'DAYPASS_DISK_DIR'];
const ASKED_AT_ONCE = 32;
/** Short, so that a case in which a job's lock runs out needs no minute. */
const JOB_LOCK_SECONDS = '3';
/** Where nothing is broken any more an end takes less; what is being mended has its time besides. */
const ENDS_WITHIN_MS = 20_000;

export interface RigOptions {
  /** The engine that sessions run on, if not the machine's. */
  engine?: OwnEngine | undefined;
  /** What lies on a disk that can be full: the minter's data, or the sessions' logs. */
  smallDisk?: 'minter' | 'logs' | undefined;
  /** Another worker than the product's, from the project's root. */
  workerProgram?: string | undefined;
  settings?: Record<string, string>;
}

/** Daypass as a whole with everything around it that can be broken. */
export interface Rig extends AsyncDisposable {
  readonly stack: Stack;
  readonly provider: LossyProvider;
  readonly redisProxy: RedisProxy;
  /** Sessions may have their webhooks go there. */
  readonly receiver: WebhookReceiver;
  /** Past the proxy. */
  readonly redis: Redis;
  readonly docker: Docker;
  readonly engine: OwnEngine | null;
  readonly disk: SmallDisk | null;
  readonly supervision: Supervision;
  readonly workload: Workload;
  /** All that is wrong now, by every law there is. Throws when something that is to be asked is away. */
  violations: () => Promise<Violation[]>;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const provider = stack.use(await startLossyProvider());
  const redisProxy = stack.use(await startRedisProxy());
  const receiver = stack.use(await startReceiver());
  const disk = options.smallDisk !== undefined ? stack.use(await mountSmallDisk()) : null;
  const redisServer = await startTestRedis();
  redisProxy.forwardTo(redisServer.url);
  const daypass = stack.use(
    await startStack(
      {
        DAYPASS_REDIS_URL: redisProxy.socket,
        DAYPASS_RELACE_BASE_URL: provider.url,
        DAYPASS_JOB_LOCK_SECONDS: JOB_LOCK_SECONDS,
        DAYPASS_WEBHOOK_PRIVATE_HOSTS: receiver.host,
        DAYPASS_WEBHOOK_CA_FILE: receiver.certificateFile,
        ...(options.engine && { DOCKER_HOST: options.engine.host }),
        ...(disk !== null && options.smallDisk === 'logs' && { DAYPASS_LOG_DIR: disk.dir }),
        ...options.settings,
      },
      { redis: redisServer, programs: options.workerProgram === undefined ? {} : { worker: options.workerProgram } },
    ),
  );
  provider.forwardTo(new URL(daypass.gitHostUrl).origin);
  const minterDisk = options.smallDisk === 'minter' ? disk : null;
  const minter: Record<string, string> = minterDisk === null ? {} : { DAYPASS_DATA_DIR: minterDisk.dir };
  const supervision = stack.use(supervise(daypass, { minter }));
  if (minterDisk !== null) await supervision.restart('minter');
  const redis = stack.adopt(connectRedis(redisServer.url), (connection) => connection.disconnect());
  await redisReady(redis, REDIS_TIMEOUT_MS);
  const queue = stack.adopt(openSessionsQueue(redis), (opened) => opened.close());
  queue.on('error', () => undefined);
  const workload = await createWorkload(daypass);

  const witness = async (): Promise<Witness> => {
    const lines = SUPERVISED.map((role) => ({ place: `what ${role} printed`, text: supervision.printed(role) }));
    return {
      starts: await workload.starts(),
      logs: await workload.logs(),
      values: provider.values(),
      directories: [redisServer.dir, join(daypass.dir, 'data'), ...(disk === null ? [] : [disk.dir])],
      texts: [...lines, ...(await answers(daypass, workload.ids()))],
    };
  };

  const kept = stack.move();
  return {
    stack: daypass,
    provider,
    redisProxy,
    receiver,
    redis,
    docker: daypass.docker,
    engine: options.engine ?? null,
    disk,
    supervision,
    workload,
    violations: async () =>
      checkInvariants({
        redis,
        queue,
        docker: daypass.docker,
        installation: daypass.installation,
        sandboxDirectories: SANDBOX_PLACES.flatMap((name) => daypass.env[name] ?? []),
        spoolDir: join(minterDisk?.dir ?? join(daypass.dir, 'data'), 'spool'),
        minterName: hostname(),
        endsWithinMs: ENDS_WITHIN_MS,
        provider: { baseUrl: daypass.gitHostUrl, apiKey: new Secret(ACCOUNT_KEY) },
        witness: await witness(),
      }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What the API says of everything. */
async function answers(stack: Stack, ids: string[]): Promise<Witness['texts']> {
  const paths = [
    '/v1/sessions',
    '/v1/tokens',
    '/metrics',
    ...ids.flatMap((id) => ['', '/events', '/logs', '/receipt'].map((part) => `/v1/sessions/${id}${part}`)),
  ];
  const texts: Witness['texts'] = [];
  await inBatches(paths, ASKED_AT_ONCE, async (path) => {
    texts.push({ place: `the answer to GET ${path}`, text: await (await stack.call('GET', path)).text() });
  });
  return texts;
}
