import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Express } from 'express';
import { HERE } from '../dashboard/build/places.ts';
import { Refusal } from '../errors.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  // Text becomes markup nowhere in the page, nor script.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** The page's files by name; none when it is not built. */
export type DashboardFiles = Map<string, { type: string; content: Buffer }>;

/** Read once, so that only these files can ever be served. */
export async function readDashboard(directory = HERE.built): Promise<DashboardFiles> {
  const found = await readdir(directory, { recursive: true }).catch(() => []);
  const entries = found
    .filter((path) => extname(path) in TYPES)
    .map(async (path) => {
      const file = { type: TYPES[extname(path)] ?? '', content: await readFile(join(directory, path)) };
      return [basename(path), file] as const;
    });
  return new Map(await Promise.all(entries));
}

/**
 * The page at `/`, its files below `/assets`. It holds nothing secret and asks for the key itself. Where it is not built,
 * `/` says how to build it, and everything else works.
 */
export function serveDashboard(app: Express, files: DashboardFiles): void {
  app.get(['/', '/assets/:file'], (req, res, next) => {
    const name = req.params['file'] ?? 'index.html';
    const file = typeof name === 'string' ? files.get(name) : undefined;
    if (file === undefined && req.path === '/') {
      throw new Refusal(
        'unavailable',
        'The dashboard is not built. Run "node src/dashboard/build/main.ts" in the directory of Daypass, then start the ' +
          'API again; "npm start" does both. The API itself works.',
      );
    }
    if (file === undefined) return next();
    res.setHeader('content-security-policy', PAGE_POLICY);
    // The names of all but the page itself tell their content.
    res.setHeader('cache-control', name === 'index.html' ? 'no-cache' : 'public, max-age=31536000, immutable');
    res.setHeader('content-type', file.type);
    res.end(file.content);
  });
}
