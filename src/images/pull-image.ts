import type Docker from 'dockerode';
import { followEngine } from './engine-stream.ts';

/** A registry that says nothing for so long is taken to be out of reach. */
const SILENCE_MS = 20_000;

/** Pulls an image; throws when the registry refuses, or is silent for too long. */
export async function pullImage(docker: Docker, name: string): Promise<void> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`No word for ${SILENCE_MS} ms`)), SILENCE_MS);
  try {
    const source = await docker.pull(name, { abortSignal: silence.signal });
    await followEngine(source, {
      doing: `Pulling ${name}`,
      onLine: () => void timer.refresh(),
    });
  } finally {
    clearTimeout(timer);
  }
}
