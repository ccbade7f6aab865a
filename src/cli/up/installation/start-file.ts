import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateJson } from './private-file.ts';

/** What scripts need to use the running installation. */
export interface StartFile {
  /** Without /v1. */
  apiUrl: string;
  apiKey: string;
  /** With /v1, as `RELACE_BASE_URL` wants it. */
  gitHostUrl: string;
  /** An account key of the git host. */
  gitHostApiKey: string;
  pid: number;
}

function fileIn(dataDir: string): string {
  return join(dataDir, 'start.json');
}

export async function writeStartFile(dataDir: string, content: StartFile): Promise<void> {
  await writePrivateJson(fileIn(dataDir), content);
}

export async function removeStartFile(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true });
}
