/*
 * The worker's own program, whose names of the public internet are those of `internet.ts`: where its webhooks may lead. All
 * else of it is as it is.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { TableResolver } from './internet-names.ts';

Object.assign(dns.promises, { Resolver: TableResolver });
syncBuiltinESMExports();

await import('../../../workers/main.ts');
