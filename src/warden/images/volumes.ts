import { normalize } from 'node:path/posix';
import { IMAGE_NOT_ALLOWED } from '../../runtime/docker/engine-error.ts';
import { WardenRefusal } from '../refusal.ts';
import { MOUNT_POINTS } from '../profile/mount-points.ts';
import type { Image } from './inspect-image.ts';

const MEBIBYTE = 1024 * 1024;
const SIZE_MB = 64;
const MAX_VOLUMES = 16;
/** Where nothing may be laid over what the engine, or we, put there; nor over what holds it. */
const TAKEN = [...MOUNT_POINTS, '/proc', '/sys', '/dev', '/run', '/opt/daypass', '/etc', '/'];

/**
 * A mount over each `VOLUME` of an image, for which the engine would make a volume on the host's disk without any limit:
 * a small tmpfs instead. Throws where a volume lies over, in, or above a place that must be what the profile says.
 */
export function volumeCovers(name: string, { volumes }: Pick<Image, 'volumes'>) {
  if (volumes.length > MAX_VOLUMES) throw refused(name, `has more than ${MAX_VOLUMES} volumes`);
  return volumes.map((given) => {
    const path = given.startsWith('/') ? normalize(given).replace(/(.)\/+$/, '$1') : '/';
    if (TAKEN.some((place) => overlaps(path, place))) {
      throw refused(name, `has a volume at ${given}, which would hide what a sandbox needs there`);
    }
    return {
      Type: 'tmpfs' as const,
      Target: path,
      ReadOnly: false,
      TmpfsOptions: { SizeBytes: SIZE_MB * MEBIBYTE, Mode: 0o1777 },
    };
  });
}

function overlaps(path: string, place: string): boolean {
  if (place === '/') return path === '/';
  return path === place || path.startsWith(`${place}/`) || place.startsWith(`${path}/`);
}

function refused(name: string, why: string): WardenRefusal {
  return new WardenRefusal(403, `The image ${name} ${why}; take the VOLUME out of it`, IMAGE_NOT_ALLOWED);
}
