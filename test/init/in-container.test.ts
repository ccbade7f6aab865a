import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { channelOver } from '../../src/runtime/docker/attachment.ts';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { INIT_PROTOCOL_VERSION } from '../../src/runtime/init-protocol.ts';
import { order } from '../../src/runtime/orders.ts';
import { decodeReports, strings } from '../../src/runtime/reports.ts';
import { shippedTools } from '../support/init-client.ts';

const docker = connectDocker(process.env['DOCKER_HOST']);
const mark = randomUUID();
const emptyImage = `daypass-test/empty:${mark}`;

let tools: Awaited<ReturnType<typeof shippedTools>>;
beforeAll(async () => {
  tools = await shippedTools();
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
});

test('init is PID 1 of a container of an image with nothing in it', async () => {
  const container = await docker.createContainer({
    Image: emptyImage,
    Entrypoint: ['/opt/daypass/bin/init'],
    Labels: { 'daypass.test': mark },
    User: '1000:1000',
    NetworkDisabled: true,
    OpenStdin: true,
    HostConfig: {
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Mounts: [{ Type: 'bind', Source: tools.directory, Target: '/opt/daypass', ReadOnly: true }],
    },
  });
  const channel = channelOver(
    await container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true }),
  );
  await container.start();
  await channel.send(order.forward({ address: '127.0.0.1', port: 80 }, { host: 'a.example', port: 80 }));
  await channel.send(order.agent('/', ['/opt/daypass/bin/git-credential-daypass', 'store']));
  const seen: string[] = [];
  for await (const report of decodeReports(channel.reports)) {
    seen.push([report.kind, ...strings(report)].join(' '));
    if (report.kind === 'Z') break;
  }
  expect(seen).toEqual([`R ${INIT_PROTOCOL_VERSION}`, 'L 127.0.0.1 80 ok', 'G', 'Z 0 ']);
  expect(await container.wait()).toMatchObject({ StatusCode: 0 });
  expect(channel.diagnostics()).toBe('');
});

test('init refuses to run where its last kill would reach others', async () => {
  const started = promisify(execFile)(`${tools.directory}/bin/init`);
  await expect(started).rejects.toMatchObject({ code: 70, stderr: expect.stringContaining('PID 1 of a sandbox only') });
});
