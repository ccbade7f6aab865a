import type Docker from 'dockerode';
import type { Progress } from '../progress.ts';
import { ensureEngine } from './engine.ts';
import { ensureCompose } from './compose.ts';
import { buildDashboardHere } from './dashboard.ts';
import { buildTestedServiceImage, ensureImage } from './image.ts';
import { ensurePrograms } from './install.ts';
import type { Machine } from './machine.ts';
import { needsOf } from './needs.ts';

/**
 * What a machine must have before anything starts: programs, an engine, the sandbox image, the built dashboard, and for the
 * tests Compose and the services' image. Uses what is there, installs only what is missing, and is quick when nothing is. Safe to call again after any failure. An aborted signal ends it
 * between two of them, never in the middle of an installation.
 */
export async function setUp(
  purpose: 'start' | 'test',
  deps: { machine: Machine; progress: Progress; docker: Docker; dataDir: string; signal: AbortSignal },
): Promise<void> {
  await ensurePrograms(deps, needsOf(purpose));
  deps.signal.throwIfAborted();
  await ensureEngine(deps);
  deps.signal.throwIfAborted();
  await ensureImage(deps);
  deps.signal.throwIfAborted();
  await deps.progress.step('dashboard', () => buildDashboardHere());
  deps.signal.throwIfAborted();
  if (purpose === 'start') return;
  await ensureCompose(deps);
  deps.signal.throwIfAborted();
  await buildTestedServiceImage(deps);
  deps.signal.throwIfAborted();
}
