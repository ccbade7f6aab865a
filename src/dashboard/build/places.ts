import { join } from 'node:path';

/** Where the page's sources lie and where what is built of them goes, in a checkout or an image. */
export interface Places {
  root: string;
  app: string;
  /** Not committed; the API serves it. */
  built: string;
  /** Which files the build was made from; it is served to nobody. */
  madeFrom: string;
}

export function placesIn(root: string): Places {
  const built = join(root, 'dist', 'dashboard');
  return { root, app: join(root, 'src', 'dashboard', 'app'), built, madeFrom: join(built, 'made-from.json') };
}

/** Of this checkout. */
export const HERE = placesIn(join(import.meta.dirname, '..', '..', '..'));
