import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { INIT_DIRECTORY, INIT_PROTOCOL_VERSION, ORDERS_SOCKET, REPORTS_FILE } from '../../src/runtime/init-protocol.ts';
import { order } from '../../src/runtime/orders.ts';
import { decodeReports, strings } from '../../src/runtime/reports.ts';
import { eventually } from '../support/eventually.ts';
import { shippedTools } from '../support/init-client.ts';

const docker = connectDocker(process.env['DOCKER_HOST']);
const mark = randomUUID();
const emptyImage = `daypass-test/empty:${mark}`;

let tools: Awaited<ReturnType<typeof shippedTools>>;
let directory: string;
beforeAll(async () => {
  tools = await shippedTools();
  directory = await mkdtemp(join(tmpdir(), 'daypass-init-dir-'));
  // A tar archive of no files is two blocks of zeros.
  execFileSync('docker', ['import', '-', emptyImage], {
    input: Buffer.alloc(1024),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
}, 120_000);
afterAll(async () => {
  const left = await docker.listContainers({ all: true, filters: { label: [`daypass.test=${mark}`] } });
  await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
  await docker.getImage(emptyImage).remove();
  await tools[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function reported(): Promise<string[]> {
  const seen: string[] = [];
  for await (const report of decodeReports(createReadStream(join(directory, REPORTS_FILE)))) {
    seen.push([report.kind, ...strings(report)].join(' '));
  }
  return seen;
}

test('init is PID 1 of a container of an image with nothing in it, and runs once', async () => {
  await chmod(directory, 0o777);
  const container = await docker.createContainer({
    Image: emptyImage,
    Entrypoint: ['/opt/daypass/bin/init'],
    Labels: { 'daypass.test': mark },
    User: '1000:1000',
    NetworkDisabled: true,
    HostConfig: {
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Mounts: [
        { Type: 'bind', Source: tools.directory, Target: '/opt/daypass', ReadOnly: true },
        { Type: 'bind', Source: directory, Target: INIT_DIRECTORY },
      ],
    },
  });
  await container.start();
  await eventually(
    () => reported().catch(() => []),
    (reports) => reports.length > 0,
  );
  await chmod(directory, 0o700);
  const worker = connect(join(directory, ORDERS_SOCKET));
  worker.write(order.forward({ address: '127.0.0.1', port: 80 }, { host: 'a.example', port: 80 }));
  worker.write(order.agent('/', ['/opt/daypass/bin/git-credential-daypass', 'store']));
  worker.on('error', () => {});
  expect(await container.wait()).toMatchObject({ StatusCode: 0 });
  const first = [
    `R ${INIT_PROTOCOL_VERSION}`,
    'L 127.0.0.1 80 ok',
    'g /opt/daypass/bin/git-credential-daypass',
    'G',
    'Z 0  ',
  ];
  expect(await reported()).toEqual(first);
  await container.start();
  expect(await container.wait()).toMatchObject({ StatusCode: 70 });
  expect(await reported()).toEqual(first);
  const said = await container.logs({ stderr: true, stdout: true });
  expect(said.toString()).toContain('this sandbox was started before');
});

test('init refuses to run where its last kill would reach others', async () => {
  const started = promisify(execFile)(`${tools.directory}/bin/init`);
  await expect(started).rejects.toMatchObject({ code: 70, stderr: expect.stringContaining('PID 1 of a sandbox only') });
});
