import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Express } from 'express';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  // Text becomes markup nowhere in the page, nor script.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** The page's files by name. */
export type DashboardFiles = Map<string, { type: string; content: Buffer }>;

const DIRECTORY = join(import.meta.dirname, '..', 'dashboard');

/** Read once, so that only these files can ever be served. */
export async function readDashboard(): Promise<DashboardFiles> {
  const names = (await readdir(DIRECTORY)).filter((name) => extname(name) in TYPES);
  const entries = names.map(async (name) => {
    const file = { type: TYPES[extname(name)] ?? '', content: await readFile(join(DIRECTORY, name)) };
    return [name, file] as const;
  });
  return new Map(await Promise.all(entries));
}

/** The page at `/`, its files below `/assets`. It holds nothing secret and asks for the key itself. */
export function serveDashboard(app: Express, files: DashboardFiles): void {
  app.get(['/', '/assets/:file'], (req, res, next) => {
    const name = req.params['file'] ?? 'index.html';
    const file = typeof name === 'string' ? files.get(name) : undefined;
    if (file === undefined) return next();
    res.setHeader('content-security-policy', PAGE_POLICY);
    res.setHeader('cache-control', 'no-cache');
    res.setHeader('content-type', file.type);
    res.end(file.content);
  });
}
