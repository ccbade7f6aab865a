import { IMAGE_NOT_ALLOWED } from '../../runtime/docker/engine-error.ts';
import { isContentAllowed } from '../../session/allowed-image.ts';
import { WardenRefusal } from '../refusal.ts';
import type { Image } from './inspect-image.ts';

/** Throws unless the operator's list allows this image with just this content. */
export function requireAllowed(name: string, image: Image, allowed: readonly string[]): void {
  if (isContentAllowed(name, image, allowed)) return;
  throw new WardenRefusal(
    403,
    `The image ${name} (${image.id}) is not allowed here; DAYPASS_IMAGES allows ${allowed.join(', ')}`,
    IMAGE_NOT_ALLOWED,
  );
}
