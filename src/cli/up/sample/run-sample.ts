import { sessionSchema } from '../../../api/schemas/session.ts';
import type { Environment } from '../../../settings.ts';
import { CommandFailure } from '../failure.ts';
import type { ApiClient } from '../installation/api-client.ts';
import type { Progress } from '../progress.ts';
import { SAMPLE_COMMAND, sampleBranch } from './command.ts';
import { followSession } from './follow-session.ts';
import { createGit, type RepoHost } from './git.ts';
import { importHistory } from './import-history.ts';
import { readBack } from './read-back.ts';
import { receiptSchema, receiptText } from './receipt.ts';
import { ensureSampleRepo } from './sample-repo.ts';

const SESSION_TIMEOUT_SECONDS = 120;
/** The session's own time, and room for its clean-up. */
const FOLLOW_TIMEOUT_MS = (SESSION_TIMEOUT_SECONDS + 30) * 1_000;

export interface SampleDeps {
  progress: Progress;
  api: ApiClient;
  repoHost: RepoHost;
  checkout: string;
  env: Environment;
}

/**
 * The product in one go: a repo, a session whose agent pushes a branch, the pushed commit read back, the receipt. Resolves
 * with the repo's id; throws at the first thing that does not hold.
 */
export async function runSample({ progress, api, repoHost, checkout, env }: SampleDeps): Promise<string> {
  const git = createGit(env, repoHost);
  const repoId = await progress.step('sample repo', () => ensureSampleRepo(repoHost));
  const repoUrl = `${repoHost.url}/repo/${repoId}.git`;
  const imported = await progress.step('import history', () => importHistory(git, checkout, repoUrl));
  progress.line(`  ${imported}`);

  const sessionId = await progress.step('sample session', async () => {
    const { id } = await api.call('POST', '/v1/sessions', sessionSchema, {
      repos: [{ id: repoId, path: 'sample' }],
      command: SAMPLE_COMMAND,
      timeoutSeconds: SESSION_TIMEOUT_SECONDS,
      metadata: { daypass: 'sample' },
    });
    const signal = AbortSignal.timeout(FOLLOW_TIMEOUT_MS);
    await followSession(api, id, { show: (line) => progress.line(line), signal });
    const { status, exitCode, failure } = await api.call('GET', `/v1/sessions/${id}`, sessionSchema);
    if (status !== 'succeeded') {
      const why = failure === null ? `exit code ${exitCode}` : `${failure.code} at ${failure.step}: ${failure.message}`;
      throw new CommandFailure(`The sample session ${id} ${status}: ${why}`);
    }
    return id;
  });
  const commit = await progress.step('read the commit back', () => readBack(git, repoUrl, sampleBranch(sessionId)));
  for (const line of commit.split('\n')) progress.line(`  ${line}`);

  const receipt = await progress.step('receipt', () =>
    api.call('GET', `/v1/sessions/${sessionId}/receipt`, receiptSchema),
  );
  for (const line of receiptText(receipt)) progress.line(line);
  if (receipt.verifiedAt === null) throw new CommandFailure('The token was not seen to be refused after the session.');
  return repoId;
}
