import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writePrivateJson } from './private-file.ts';

const schema = z.object({
  /** Without /v1. */
  apiUrl: z.string(),
  apiKey: z.string(),
  /** With /v1, as `RELACE_BASE_URL` wants it. */
  gitHostUrl: z.string(),
  /** An account key of the git host. */
  gitHostApiKey: z.string(),
  pid: z.int().positive(),
});

/** What scripts need to use the running installation. */
export type StartFile = z.infer<typeof schema>;

function fileIn(dataDir: string): string {
  return join(dataDir, 'start.json');
}

/** null: nothing runs on this data directory, or its sample has not ended. */
export async function readStartFile(dataDir: string): Promise<StartFile | null> {
  return readJson(fileIn(dataDir), schema);
}

export async function writeStartFile(dataDir: string, content: StartFile): Promise<void> {
  await writePrivateJson(fileIn(dataDir), content);
}

export async function removeStartFile(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true });
}
