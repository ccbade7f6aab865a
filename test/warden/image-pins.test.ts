import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import type { EngineApi, EngineCall } from '../../src/runtime/docker/engine-api.ts';
import { isNamedByManifest } from '../../src/session/allowed-image.ts';
import { createConfigDigests } from '../../src/warden/images/config-digest.ts';
import { inspectImage, type Image } from '../../src/warden/images/inspect-image.ts';
import { requireAllowed } from '../../src/warden/images/require-allowed.ts';

const run = promisify(execFile);
const signal = AbortSignal.timeout(60_000);
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const [CONFIG, MANIFEST, INDEX, OTHER] = ['c', 'd', 'e', 'f'].map(digest) as [string, string, string, string];

/*
 * What engines answer of one image, cut to what is read: 20.10 with its own store, 28.5 with containerd's, where an image's id is
 * that of what it was built or loaded as.
 */
const NAME = 'daypass/team';
const BUILT = {
  own: { Id: CONFIG, RepoTags: [`${NAME}:latest`], RepoDigests: [], Config: { Volumes: null } },
  containerd: {
    Id: MANIFEST,
    RepoTags: [`${NAME}:latest`],
    RepoDigests: [`${NAME}@${MANIFEST}`],
    Descriptor: { digest: MANIFEST },
    Config: { Volumes: null },
  },
};
const PULLED = {
  own: { ...BUILT.own, RepoDigests: [`${NAME}@${INDEX}`] },
  containerd: { ...BUILT.containerd, Id: INDEX, RepoDigests: [`${NAME}@${INDEX}`], Descriptor: { digest: INDEX } },
};
const STORES = ['own', 'containerd'] as const;

async function read(answer: unknown): Promise<Image> {
  const engine: EngineApi = { call: async <T>(call: EngineCall<T>) => call.answer.parse(answer) };
  return inspectImage(engine, NAME, signal);
}

/** Whether this list allows the image, and what is said where it does not. */
async function verdict(answer: unknown, ...images: string[]): Promise<string> {
  const asked: string[] = [];
  const configDigestOf = async (id: string) => {
    asked.push(id);
    return CONFIG;
  };
  const image = await read(answer);
  const said = requireAllowed(NAME, image, { images, configDigestOf }, signal);
  const message = await said.then(
    () => 'allowed',
    (error: Error) => error.message,
  );
  // Only where the engine does not say it by itself.
  expect(isNamedByManifest(image) || asked.length === 0).toBe(true);
  return message;
}

describe('a pin of an image', () => {
  it.each(STORES)('to its configuration holds whatever the store: %s', async (store) => {
    expect(await verdict(BUILT[store], `${NAME}@${CONFIG}`)).toBe('allowed');
    expect(await verdict(PULLED[store], 'daypass/*', `${NAME}@${CONFIG}`)).toBe('allowed');
  });

  it.each(STORES)('to a registry’s digest holds whatever the store: %s', async (store) => {
    expect(await verdict(PULLED[store], `${NAME}@${INDEX}`)).toBe('allowed');
  });

  it('to the manifest that one store has made is refused by the other, which says what to write', async () => {
    expect(await verdict(BUILT.containerd, `${NAME}@${MANIFEST}`)).toBe('allowed');
    expect(await verdict(BUILT.own, `${NAME}@${MANIFEST}`)).toBe(
      `The image ${NAME} is not the one that DAYPASS_IMAGES pins. What the engine has under this name has the configuration ` +
        `${CONFIG}; if that is the one you mean, write ${NAME}@${CONFIG}, which is right on every engine`,
    );
  });

  it.each(STORES)('to another content is refused, with the digest that is right everywhere: %s', async (store) => {
    const said = await verdict(BUILT[store], 'daypass/*', `${NAME}@${OTHER}`);
    expect(said).toContain('is not the one that DAYPASS_IMAGES pins');
    expect(said).toContain(`write ${NAME}@${CONFIG}, which is right on every engine`);
    expect(said.includes(MANIFEST)).toBe(store === 'containerd');
  });

  it('is named by its manifest where the engine cannot tell one configuration', async () => {
    const image = await read(BUILT.containerd);
    const deps = { images: [`${NAME}@${OTHER}`], configDigestOf: async () => null };
    await expect(requireAllowed(NAME, image, deps, signal)).rejects.toThrow(`write ${NAME}@${MANIFEST}`);
  });

  it('is waited for no longer than the call has, and the answer is there the next time', async () => {
    const image = await read(BUILT.containerd);
    const found = Promise.withResolvers<string>();
    const deps = { images: [`${NAME}@${CONFIG}`], configDigestOf: () => found.promise };
    await expect(requireAllowed(NAME, image, deps, AbortSignal.timeout(10))).rejects.toMatchObject({ status: 503 });
    found.resolve(CONFIG);
    await requireAllowed(NAME, image, deps, signal);
  });

  it('needs no look at the configuration where the list names the image alone, or not at all', async () => {
    expect(await verdict(BUILT.containerd, 'daypass/*')).toBe('allowed');
    expect(await verdict(BUILT.containerd, 'other/*')).toContain('is not allowed here');
  });
});

describe('the digest of a configuration', () => {
  it('is what docker save writes, read once', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'dp-image-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const docker = connectDocker(process.env['DOCKER_HOST']);
    await writeFile(join(dir, 'file'), randomBytes(64));
    const name = `daypass-test/pin-${randomBytes(4).toString('hex')}`;
    await run('sh', ['-c', `tar -c -C ${dir} file | docker import --change 'LABEL daypass.test=pin' - ${name}`]);
    onTestFinished(async () => void (await docker.getImage(name).remove()));
    const { stdout } = await run('sh', ['-c', `docker save ${name} | tar -xO manifest.json`]);
    const [{ Config }] = JSON.parse(stdout) as [{ Config: string }];
    const expected = `sha256:${/[0-9a-f]{64}/.exec(Config)?.[0]}`;

    const image = await docker.getImage(name).inspect();
    const reads: string[] = [];
    const counted = { getImage: (id: string) => (reads.push(id), docker.getImage(id)) } as unknown as typeof docker;
    const configDigestOf = createConfigDigests(counted);
    expect(await Promise.all([image.Id, image.Id].map(configDigestOf))).toEqual([expected, expected]);
    expect(reads).toEqual([image.Id]);
    const { Id, RepoDigests } = image;
    expect(Id === expected).toBe(!isNamedByManifest({ id: Id, repoDigests: RepoDigests }));
    await expect(configDigestOf(OTHER)).rejects.toThrow(/no such/i);
  });
});
