import type Docker from 'dockerode';
import { CONTENT_LABEL, contentOf } from '../../images/image-content.ts';
import { localImage } from '../../images/local-image.ts';
import { knownBases } from '../../images/sandbox-base.ts';
import { SANDBOX_IMAGE } from '../../images/sandbox-image.ts';
import { infoAnswer, kindProblems } from '../../runtime/docker/engine-kind.ts';
import { judgeVersions, versionAnswer } from '../../runtime/docker/engine-versions.ts';
import { contextProblem } from '../up/setup/selected-context.ts';
import type { Environment } from '../../settings.ts';
import { Findings, NotSeen, type Check } from './check.ts';
import { within } from './within.ts';

const SHORT_ID = 12;

/** What the Docker engine must be like, and have. */
export function engineChecks(docker: Docker, image: string = SANDBOX_IMAGE): Check[] {
  return [
    {
      name: 'Docker engine',
      look: async () => {
        const { Version, ApiVersion } = await within(docker.version());
        return `version ${Version}, API ${ApiVersion}`;
      },
      mend: 'Start it (sudo systemctl start docker, or npm start, which also installs one), or set DOCKER_HOST to where it is.',
    },
    {
      name: 'engine versions',
      look: async () => {
        const found = versionAnswer.parse(await answerOf(docker.version()));
        const { refused, warnings } = judgeVersions(found);
        if (refused.length > 0) throw new Findings(refused);
        const parts = (found.Components ?? []).map(({ Name, Version }) => `${Name} ${Version}`).join(', ');
        return [parts, ...warnings.map((warning) => `  ! ${warning}`)].join('\n');
      },
      mend: 'Update Docker; no warden starts on what is refused.',
    },
    {
      name: 'engine kind',
      look: async () => {
        const version = versionAnswer.parse(await answerOf(docker.version()));
        const info = infoAnswer.parse(await answerOf(docker.info()));
        const problems = kindProblems(version, info);
        if (problems.length > 0) throw new Findings(problems);
        return 'one that root runs, with seccomp and without userns-remap';
      },
      mend: 'No warden starts on such an engine.',
    },
    {
      name: `image ${image}`,
      look: async () => {
        await answerOf(docker.ping());
        return within(lookAtImage(docker, image));
      },
      mend: 'Build it: npm start -- --exit',
    },
  ];
}

/** Whether the docker command would ask the same engine. */
export function contextCheck(env: Environment): Check {
  return {
    name: 'docker context',
    look: async () => {
      const problem = await contextProblem(env);
      if (problem !== null) throw new Error(problem);
      return env['DOCKER_HOST'] ? 'DOCKER_HOST goes before it' : 'the default';
    },
    mend: 'Nothing starts before that is clear.',
  };
}

/** What the engine answers; that it does not is said once, by the check of the engine itself. */
async function answerOf<T>(call: Promise<T>): Promise<T> {
  try {
    return await within(call);
  } catch (cause) {
    throw new NotSeen('as the Docker engine does not answer', { cause });
  }
}

/** The image is as the files of this version make it. One that was built elsewhere does not say what it was made of. */
async function lookAtImage(docker: Docker, name: string): Promise<string> {
  const image = await localImage(docker, name);
  if (image === null) throw new Error('the engine does not have it');
  const id = image.id.replace('sha256:', '').slice(0, SHORT_ID);
  const content = image.labels[CONTENT_LABEL];
  if (content === undefined) return `${id}\n  ! built elsewhere: whether it is of this version cannot be told`;
  const contents = await Promise.all((await knownBases()).map(contentOf));
  if (!contents.includes(content)) throw new Error(`${id} was built from the files of another version`);
  return `${id}, built from the files of this version`;
}
