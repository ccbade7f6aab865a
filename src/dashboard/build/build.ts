import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'vite';
import { noteMadeFrom } from './made-from.ts';
import type { Places } from './places.ts';

/**
 * Builds the page and puts it where the API looks for it, in one move: whoever reads it meanwhile finds the old build or
 * the new one. Throws what Vite says when the sources cannot be built.
 */
export async function buildDashboard({ root, app, built, madeFrom }: Places): Promise<void> {
  const fresh = `${built}.${process.pid}`;
  const files = new Set([
    ...(await filesBelow(app)),
    join(import.meta.dirname, 'build.ts'),
    join(root, 'package.json'),
    join(root, 'tsconfig.json'),
  ]);
  try {
    await build({
      configFile: false,
      root: app,
      // What is wrong is thrown.
      logLevel: 'silent',
      oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      plugins: [collectFiles(files)],
      build: {
        outDir: fresh,
        emptyOutDir: true,
        target: 'es2023',
        // The page's policy takes no inline files, and one script needs no preloading of others.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
      },
    });
    await noteMadeFrom({ root, app, built: fresh, madeFrom: madeFrom.replace(built, fresh) }, files);
    await rm(built, { recursive: true, force: true });
    await mkdir(join(built, '..'), { recursive: true });
    await rename(fresh, built);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Those that Vite does not parse as modules among them, such as style sheets that others import. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** Adds each file that comes into the build; what begins with a NUL is made up by Vite itself. */
function collectFiles(files: Set<string>): Plugin {
  return {
    name: 'collect-files',
    moduleParsed({ id }) {
      if (!id.startsWith('\0')) files.add(id.split('?', 1)[0] ?? id);
    },
  };
}
