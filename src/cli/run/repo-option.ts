import { wrongUsage } from '../up/failure.ts';

/** A repo of the request. Whether its values can be is for the API to say. */
export interface RepoWish {
  id: string;
  ref?: string;
  path?: string;
  access?: string;
  depth?: number;
  push?: { branches?: string[] };
}

const NOTATION = 'ID[@REF][:PATH][,access=read][,depth=N][,push[=PATTERN]]';
/** A comma may be part of a ref or a path, unless an option follows it. */
const BEFORE_OPTION = /,(?=(?:access|depth)=|push(?:=|,|$))/;

/** `ID[@REF][:PATH]` and options: a ref never holds a colon, so the first one begins the path. */
export function repoIn(text: string): RepoWish {
  const [place = '', ...options] = text.split(BEFORE_OPTION);
  const [, id, ref, path] = /^([^@:,]+)(?:@([^:]+))?(?::(.+))?$/.exec(place) ?? [];
  if (id === undefined) throw wrongUsage(`--repo takes ${NOTATION}; not "${text}".`);
  const repo: RepoWish = { id, ...(ref !== undefined && { ref }), ...(path !== undefined && { path }) };
  for (const option of options) takeOption(repo, option);
  return repo;
}

function takeOption(repo: RepoWish, option: string): void {
  const [name = '', value = ''] = option.split(/=(.*)/s);
  if (name === 'access') repo.access = value;
  else if (name === 'depth') repo.depth = wholeNumber(value);
  else {
    const branches = [...(repo.push?.branches ?? []), ...(value === '' ? [] : [value])];
    repo.push = branches.length === 0 ? {} : { branches };
  }
}

function wholeNumber(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw wrongUsage(`depth= of --repo takes a number of commits; not "${text}".`);
}
