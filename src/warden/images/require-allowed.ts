import { IMAGE_NOT_ALLOWED } from '../../runtime/docker/engine-error.ts';
import { isContentAllowed, isNamedByManifest, isPinned } from '../../session/allowed-image.ts';
import { WardenRefusal } from '../refusal.ts';
import type { WardenDeps } from '../deps.ts';
import type { Image } from './inspect-image.ts';

/**
 * Throws unless the operator's list allows this image with just this content. Where a pin does not match and the engine names the
 * image by its manifest, its configuration is looked at too, which may take seconds the first time.
 */
export async function requireAllowed(
  name: string,
  image: Image,
  { images: allowed, configDigestOf }: Pick<WardenDeps, 'images' | 'configDigestOf'>,
  signal: AbortSignal,
): Promise<void> {
  if (isContentAllowed(name, image, allowed)) return;
  if (!isPinned(name, allowed)) {
    const list = allowed.join(', ');
    throw refused(`The image ${name} (${image.id}) is not allowed here; DAYPASS_IMAGES allows ${list}`);
  }
  const config = isNamedByManifest(image) ? await within(configDigestOf(image.id), name, signal) : image.id;
  if (config !== null && isContentAllowed(name, { ...image, id: config }, allowed)) return;
  throw refused(`The image ${name} is not the one that DAYPASS_IMAGES pins. ${advice(name, image, config)}`);
}

/** Whoever asks again later gets what was found meanwhile. */
async function within<T>(work: Promise<T>, name: string, signal: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>();
  const giveUp = (): void => late.reject(new WardenRefusal(503, `The image ${name} is still being read; try again`));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function advice(name: string, image: Image, config: string | null): string {
  const bare = name.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  if (config === null) {
    return `What the engine has under this name has the manifest ${image.id}; if that is the one you mean, write ${bare}@${image.id}`;
  }
  const manifest = config === image.id ? '' : ` (and the manifest ${image.id}, which is this engine's alone)`;
  return (
    `What the engine has under this name has the configuration ${config}${manifest}; if that is the one you mean, write ` +
    `${bare}@${config}, which is right on every engine`
  );
}

function refused(message: string): WardenRefusal {
  return new WardenRefusal(403, message, IMAGE_NOT_ALLOWED);
}
