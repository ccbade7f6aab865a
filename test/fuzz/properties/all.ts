import { GATEWAY } from './gateway.ts';
import { GIT_HOST } from './git-host.ts';
import type { Property } from './inputs.ts';
import { JSON_TEXT } from './json.ts';
import { REQUESTS } from './requests.ts';
import { SANDBOX_OUTPUT } from './sandbox-output.ts';

/** What must hold for every input of the parsers of untrusted bytes that are written in TypeScript. */
export const PROPERTIES: Record<string, Property> = {
  ...SANDBOX_OUTPUT,
  ...REQUESTS,
  ...GATEWAY,
  ...GIT_HOST,
  ...JSON_TEXT,
};
