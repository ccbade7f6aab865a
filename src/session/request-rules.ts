import type { RequestLimits } from '../access/key-limits.ts';
import type { OperatorLimits } from '../config.ts';
import type { FieldError } from '../errors.ts';
import { isNameAllowed } from './allowed-image.ts';
import type { SessionRequest } from './record.ts';
import { isStdinTooShortToMask, stdinProblems } from './stdin.ts';
import { isTooShortToMask } from '../token/secret-forms.ts';
import { webhookUrlProblem } from '../webhook/url.ts';
import type { StartRequest } from './request.ts';

/** What is wrong between the fields of a request, defaults included. */
export function ruleProblems(body: StartRequest, request: SessionRequest): FieldError[] {
  return [
    ...alikePaths(request),
    ...differentRules(request),
    ...doubleNames(body),
    ...strangeNames(body),
    ...timeouts(request),
    ...smallDisks(request),
    ...stdinProblems(body),
  ];
}

/** What a request asks for above what the operator allows. */
export function limitProblems(request: SessionRequest, limits: RequestLimits): FieldError[] {
  const { resources } = request;
  return [
    ...above('timeoutSeconds', request.timeoutSeconds, limits.maxTimeoutSeconds),
    ...above('maxTimeoutSeconds', request.maxTimeoutSeconds, limits.maxTimeoutSeconds),
    ...above('resources.cpus', resources.cpus, limits.cpus),
    ...above('resources.memoryMb', resources.memoryMb, limits.memoryMb),
    ...above('resources.pids', resources.pids, limits.pids),
    ...above('resources.diskMb', resources.diskMb, limits.diskMb),
    ...abovePriority(request, limits),
  ];
}

/** A webhook that the operator does not let go where it wants to. */
export function webhookProblems({ webhook }: StartRequest, limits: OperatorLimits): FieldError[] {
  const problem = webhook === undefined ? null : webhookUrlProblem(webhook.url, limits.webhooks);
  return problem === null ? [] : [{ path: 'webhook.url', message: problem }];
}

/** As far as the name tells; whether its content is allowed is known where the engine is. */
export function imageProblems({ image }: SessionRequest, { images }: OperatorLimits): FieldError[] {
  if (isNameAllowed(image, images)) return [];
  return [{ path: 'image', message: `is not allowed here; allowed: ${images.join(', ')}` }];
}

/** Secrets that no mask can keep, and that nobody said may go without one. */
export function shortSecretProblems({ secrets, unmaskedSecrets = [], stdin }: StartRequest): FieldError[] {
  const ofStdin = {
    path: 'stdin',
    message: 'has fewer than 4 characters, which are too few to be masked; leave secret out if that is fine',
  };
  const named = Object.entries(secrets)
    .filter(([name, value]) => isTooShortToMask(value) && !unmaskedSecrets.includes(name))
    .map(([name]) => ({
      path: `secrets.${name}`,
      message:
        'has fewer than 4 characters, which are too few to be masked; name it in unmaskedSecrets if that is fine',
    }));
  return isStdinTooShortToMask(stdin) ? [...named, ofStdin] : named;
}

function abovePriority({ priority }: SessionRequest, { maxPriority = Infinity }: RequestLimits): FieldError[] {
  if (priority <= maxPriority) return [];
  return [{ path: 'priority', message: `must be at most ${maxPriority}, the limit of this API key` }];
}

function above(path: string, value: number, limit: number): FieldError[] {
  return value > limit ? [{ path, message: `must be at most ${limit}, the operator's limit` }] : [];
}

function alikePaths({ repos }: SessionRequest): FieldError[] {
  return repos.flatMap(({ path }, index) => {
    const first = repos.findIndex((other) => other.path === path);
    return first === index
      ? []
      : [{ path: `repos[${index}].path`, message: `is that of repos[${first}] too: ${path}` }];
  });
}

function doubleNames({ env, secrets }: StartRequest): FieldError[] {
  return Object.keys(secrets)
    .filter((name) => Object.hasOwn(env, name))
    .map((name) => ({ path: `secrets.${name}`, message: 'is in env too; set it in one of them' }));
}

function strangeNames({ secrets, unmaskedSecrets = [] }: StartRequest): FieldError[] {
  return unmaskedSecrets.flatMap((name, index) =>
    Object.hasOwn(secrets, name)
      ? []
      : [{ path: `unmaskedSecrets[${index}]`, message: 'is the name of no secret here' }],
  );
}

function smallDisks({ resources }: SessionRequest): FieldError[] {
  return (['homeMb', 'tmpMb', 'shmMb'] as const).flatMap((name) =>
    (resources[name] ?? 0) <= resources.memoryMb
      ? []
      : [{ path: `resources.${name}`, message: `must be at most ${resources.memoryMb}, the memory it is a part of` }],
  );
}

function timeouts({ timeoutSeconds, maxTimeoutSeconds }: SessionRequest): FieldError[] {
  if (maxTimeoutSeconds >= timeoutSeconds) return [];
  return [{ path: 'maxTimeoutSeconds', message: `must not be below timeoutSeconds, which is ${timeoutSeconds}` }];
}

/** One repo in several clones is still one repo: the gateway could not tell which of them a push comes from. */
function differentRules({ repos }: SessionRequest): FieldError[] {
  const written = repos.map((repo, index) => ({ ...repo, index })).filter(({ access }) => access === 'write');
  return written.flatMap(({ id, push, index }) => {
    const first = written.find((other) => other.id === id);
    if (first === undefined || JSON.stringify(first.push) === JSON.stringify(push)) return [];
    return [{ path: `repos[${index}].push`, message: `must be that of repos[${first.index}], which is the same repo` }];
  });
}
