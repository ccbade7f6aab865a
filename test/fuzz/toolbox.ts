import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { ensureTestImage } from '../support/test-image.ts';

const INIT = fileURLToPath(new URL('../../docker/sandbox/init/', import.meta.url));
const TARGETS = fileURLToPath(new URL('targets/', import.meta.url));
const IMAGE = fileURLToPath(new URL('../support/images/fuzz/', import.meta.url));

/** What a script in the image of compilers came to. */
export interface Outcome {
  exitCode: number;
  /** Standard output and error together, in their order. */
  output: string;
}

/** Runs a script of `targets/` in the image of compilers. */
export type RunScript = (script: string, args: string[]) => Promise<Outcome>;

/**
 * The image with a compiler, so that a machine needs none: init's sources lie at /src/init, the targets at /src/targets,
 * and `out`, a directory of this machine, both at /out and under its own name. Containers end with the signal.
 */
export async function openToolbox(out: string, signal: AbortSignal): Promise<RunScript> {
  const docker = connectDocker(process.env['DOCKER_HOST']);
  const image = await ensureTestImage(docker, IMAGE);
  return async (script, args) => {
    signal.throwIfAborted();
    const container = await docker.createContainer({
      Image: image,
      Cmd: ['sh', `/src/targets/${script}`, ...args],
      User: `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`,
      WorkingDir: '/out',
      NetworkDisabled: true,
      Tty: true,
      Labels: { 'daypass.test': 'fuzz' },
      HostConfig: { Binds: [`${INIT}:/src/init:ro`, `${TARGETS}:/src/targets:ro`, `${out}:/out`, `${out}:${out}`] },
    });
    const end = (): void => void container.kill().catch(() => undefined);
    signal.addEventListener('abort', end, { once: true });
    try {
      const stream = await container.attach({ stream: true, stdout: true, stderr: true });
      const output = text(stream.pipe(new PassThrough()));
      await container.start();
      const { StatusCode } = (await container.wait()) as { StatusCode: number };
      return { exitCode: StatusCode, output: (await output).replaceAll('\r\n', '\n') };
    } finally {
      signal.removeEventListener('abort', end);
      await container.remove({ force: true });
    }
  };
}
