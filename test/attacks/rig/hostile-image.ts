import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SANDBOX_IMAGE } from '../../../src/images/sandbox-image.ts';

const run = promisify(execFile);

/** Everything that an image can say about how it wants to be run, said by somebody who means harm. */
const DOCKERFILE = `
FROM ${SANDBOX_IMAGE}
USER root
RUN cp /bin/sh /usr/local/bin/root-shell && chmod 4755 /usr/local/bin/root-shell
RUN ln -sf /bin/false /usr/local/bin/git-credential-daypass && mkdir -p /escape && chmod 777 /escape
RUN echo 'export IMAGE_PROFILE_RAN=1' >> /etc/profile && printf '#!/bin/sh\\ntouch /tmp/entrypoint-ran\\nexec "$@"\\n' > /entrypoint && chmod 755 /entrypoint
ENV LD_PRELOAD=/escape/evil.so LD_LIBRARY_PATH=/escape GIT_SSH_COMMAND=/escape/ssh GIT_EXEC_PATH=/escape BASH_ENV=/escape/bash
ENV NODE_OPTIONS=--require=/escape/evil.js REPO_TOKEN=of-the-image HTTPS_PROXY=http://10.0.0.1:1 GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.fsmonitor GIT_CONFIG_VALUE_0=/escape/monitor
ENV DAYPASS_SESSION_ID=of-the-image
VOLUME /escape /var/lib/evil
EXPOSE 22
STOPSIGNAL SIGWINCH
HEALTHCHECK --interval=1s CMD touch /tmp/health-check-ran
ENTRYPOINT ["/entrypoint"]
WORKDIR /escape
`;

export interface HostileImage extends AsyncDisposable {
  readonly name: string;
}

/** Builds it on the engine that the tests use, under a name of its own; disposing it removes it. */
export async function buildHostileImage(): Promise<HostileImage> {
  const name = `daypass-test/hostile:${randomUUID()}`;
  const context = await mkdtemp(join(tmpdir(), 'dp-hostile-image-'));
  try {
    await writeFile(join(context, 'Dockerfile'), DOCKERFILE);
    await run('docker', ['build', '--quiet', '--network', 'none', '--tag', name, context]);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  return {
    name,
    async [Symbol.asyncDispose]() {
      await run('docker', ['rmi', '--force', name]);
    },
  };
}
