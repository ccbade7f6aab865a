import { Relace } from '@relace-ai/relace';
import type { RepoHost } from './git.ts';

const METADATA = { daypass: 'sample' };

/** Id of the sample repo: the one of an earlier start, else a new one. Throws what the repo host answered. */
export async function ensureSampleRepo({ url, key }: RepoHost): Promise<string> {
  const relace = new Relace({ apiKey: key.reveal(), baseURL: url });
  const { items } = await relace.repo.list({ filter_metadata: JSON.stringify(METADATA), page_size: 1 });
  return items[0]?.repo_id ?? (await relace.repo.create({ metadata: METADATA })).repo_id;
}
