/*
 * Which images an operator allows. An entry of the list is `name` or `name:tag`, `prefix/*` for everything below a prefix,
 * or `name@sha256:…`, a pin: under that name this content and no other, whatever else the list says of it. The digest is that
 * of the image's configuration, which is the same on every engine, or one that a registry, or a store of manifests, has for it.
 */

/** What an engine says of an image that it has. */
export interface ImageContent {
  /**
   * What the engine calls it, `sha256:…`: of its configuration; where the engine keeps images in containerd's store, of its
   * manifest.
   */
  id: string;
  /**
   * `name@sha256:…` of the manifests that it was pulled by. One that was built here has none, but in containerd's store its own
   * manifest's.
   */
  repoDigests: readonly string[];
}

interface Reference {
  name: string;
  /** null where a digest says which one. */
  tag: string | null;
  digest: string | null;
}

const PART = '[a-z0-9]+(?:[._-]+[a-z0-9]+)*';
const REFERENCE = new RegExp(
  `^((?:${PART}(?::\\d+)?/)?${PART}(?:/${PART})*)(?::(\\w[\\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);
const DEFAULT_TAG = 'latest';
const MAX_NAME_CHARACTERS = 255;

/** null: this names no image. `docker.io/library/x:latest`, `docker.io/x` and `x` are the same. */
export function parseImage(text: string): Reference | null {
  const found = text.length > MAX_NAME_CHARACTERS ? null : REFERENCE.exec(text);
  if (found === null) return null;
  const [, given = '', tag, digest = null] = found;
  const name = given.replace(/^docker\.io\/(?:library\/)?/, '');
  return { name, tag: tag ?? (digest === null ? DEFAULT_TAG : null), digest };
}

/** What can be told before the image is looked at: whether any entry of the list speaks of it. */
export function isNameAllowed(image: string, allowed: readonly string[]): boolean {
  const reference = parseImage(image);
  return reference !== null && entriesFor(reference, allowed).length > 0;
}

/** Whether the engine names the image by its manifest, so that the digest of its configuration is not told. */
export function isNamedByManifest({ id, repoDigests }: ImageContent): boolean {
  return repoDigests.some((text) => text.endsWith(`@${id}`));
}

/** Whether the list pins this name to some contents. */
export function isPinned(image: string, allowed: readonly string[]): boolean {
  const reference = parseImage(image);
  return reference !== null && entriesFor(reference, allowed).some(({ digest }) => digest !== null);
}

/** Whether the list allows this image with this content. Where it pins the name, the content is one of the pins. */
export function isContentAllowed(image: string, content: ImageContent, allowed: readonly string[]): boolean {
  const reference = parseImage(image);
  if (reference === null) return false;
  const entries = entriesFor(reference, allowed);
  const pins = entries.flatMap((entry) => entry.digest ?? []);
  if (pins.length === 0) return entries.length > 0;
  const digests = content.repoDigests.filter((text) => parseImage(text)?.name === reference.name);
  return pins.some((pin) => pin === content.id || digests.some((text) => text.endsWith(`@${pin}`)));
}

function entriesFor(image: Reference, allowed: readonly string[]): Reference[] {
  return allowed.flatMap((text) => {
    if (text.endsWith('/*')) return image.name.startsWith(text.slice(0, -1)) ? [{ ...image, digest: null }] : [];
    const entry = parseImage(text);
    if (entry === null || entry.name !== image.name) return [];
    if (entry.digest !== null) return [entry];
    return image.digest === null && entry.tag === image.tag ? [entry] : [];
  });
}
