import { readInTurn } from '../answers/read-in-turn.ts';
import { startGit } from '../git/git-process.ts';
import type { RepoOperation } from '../host.ts';
import { FLUSH_PACKET, packetLine, parseProtocol, parseService } from './protocol.ts';
import { endAnswer, relayGit } from './stream-git.ts';

/** GET /repo/{id}.git/info/refs?service=…: how each fetch and push begins. */
export const infoRefs: RepoOperation = async (host, call) => {
  const { req, res, query, place, signal, needWrite } = call;
  const service = parseService(query.get('service'));
  if (service === 'receive-pack') needWrite();
  const protocol = parseProtocol(req.headers['git-protocol']);
  const args = [service, '--stateless-rpc', '--http-backend-info-refs', place.repoDir];
  // Version 2, which git has for fetches only, does without the line that names the service.
  const isVersion2 = service === 'upload-pack' && (protocol ?? '').split(':').includes('version=2');
  await readInTurn(host, host.gates.advertisement, call, async () => {
    const secretSettings = service === 'receive-pack' ? host.signedPushes : {};
    const git = startGit({ ...place, args, protocol, secretSettings });
    git.stdin.end();
    await relayGit({
      git,
      res,
      pace: 'client',
      contentType: `application/x-git-${service}-advertisement`,
      ...(!isVersion2 && { preamble: packetLine(`# service=git-${service}\n`) + FLUSH_PACKET }),
      signal,
      log: host.log,
    });
    await endAnswer(res, signal);
  });
};
