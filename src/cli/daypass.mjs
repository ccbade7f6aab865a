#!/usr/bin/env node
// The `daypass` command for whatever Node is on the PATH; see `up/bootstrap.mjs`.
process.argv.splice(2, 0, 'cli');
await import('./up/bootstrap.mjs');
