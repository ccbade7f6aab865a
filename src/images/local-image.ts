import type Docker from 'dockerode';

/** What the engine has under this name: id and labels; null when it has none. */
export async function localImage(
  docker: Docker,
  name: string,
): Promise<{ id: string; labels: Record<string, string> } | null> {
  try {
    const found = await docker.getImage(name).inspect();
    return { id: found.Id, labels: found.Config.Labels ?? {} };
  } catch (error) {
    if ((error as { statusCode?: unknown }).statusCode === 404) return null;
    throw new Error(`Docker does not say whether it has the image ${name}`, { cause: error });
  }
}
