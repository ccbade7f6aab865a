import { afterAll, afterEach } from 'vitest';
import { failOnCrash } from './crashes.ts';

// For every test file, before its own hooks: so the last of these runs when the file has ended what it started.
afterEach(failOnCrash);
afterAll(failOnCrash);
