import { parseArgs } from 'node:util';
import { connectDocker } from '../../src/runtime/docker/connect.ts';
import { describe } from '../../src/errors.ts';
import { failOnCrash } from '../support/crashes.ts';
import { nothingLeft, startStack } from '../support/stack.ts';
import { startFakeModel } from './model/server.ts';
import { readRecipes } from './recipes.ts';
import { buildAgentImage } from './rig/agent-image.ts';
import { makeAuthority } from './rig/authority.ts';
import { AGENT_COMMAND, runAgent, type AgentRun } from './run-agent.ts';

/*
 * `npm run agents`: every agent of docs/agents.md, in the image of its Dockerfile and by the request that stands there, on
 * a whole Daypass. Only the model is a fake: a server that speaks its vendor's format at its vendor's name. Fails when an
 * agent does not do its work or something is left. `--only NAME` runs one, `--verbose` shows their logs.
 */
const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, verbose: { type: 'boolean', default: false } },
});

const recipes = (await readRecipes()).filter(({ agent }) => agent.includes(values.only));
const hosts = recipes.flatMap(({ request }) => request.network.allow);
const authority = await makeAuthority(hosts);
const docker = connectDocker(process.env['DOCKER_HOST']);
await using model = await startFakeModel({ authority, command: AGENT_COMMAND });
await using stack = await startStack(
  { TEST_WORLD_PORT: String(model.port), DAYPASS_IMAGES: 'daypass-test/*' },
  { programs: { gateway: 'test/support/gateway-in-a-world.ts' } },
);

let failed = recipes.length === 0;
for (const recipe of recipes) {
  const trustFile = process.env['NODE_EXTRA_CA_CERTS'] ?? null;
  const image = await buildAgentImage(recipe.agent, { docker, trustFile, onProgress: () => undefined });
  print(recipe.agent, await runAgent(recipe, { stack, model, ca: authority.ca, image }));
}
const left = await nothingLeft(stack).catch((error: unknown) => [describe(error)]);
for (const thing of left) say(`✗ left: ${thing}`);
process.exitCode = failed || left.length > 0 ? 1 : 0;
await failOnCrash();

function print(agent: string, { wrong, asked, refused, seconds, log }: AgentRun): void {
  if (wrong.length > 0) failed = true;
  say(`${wrong.length > 0 ? '✗' : '✓'} ${agent}  ${seconds.toFixed(1)} s, ${asked.length} requests to its model`);
  if (refused.length > 0) say(`    refused on its way: ${refused.join(', ')}`);
  for (const sentence of wrong) say(`    ${sentence}`);
  if (wrong.length > 0 || values.verbose) say(log.replaceAll(/^/gm, '    | '));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
