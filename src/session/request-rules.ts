import type { OperatorLimits } from '../config.ts';
import type { FieldError } from '../errors.ts';
import { isNameAllowed } from './allowed-image.ts';
import type { SessionRequest } from './record.ts';
import type { StartRequest } from './request.ts';

/** What is wrong between the fields of a request, defaults included, and what is not built yet. */
export function ruleProblems(body: StartRequest, request: SessionRequest): FieldError[] {
  return [...alikePaths(request), ...doubleNames(body), ...timeouts(request), ...notBuilt(body)];
}

/** What a request asks for above what the operator allows. */
export function limitProblems(request: SessionRequest, limits: OperatorLimits): FieldError[] {
  const { resources } = request;
  return [
    ...above('timeoutSeconds', request.timeoutSeconds, limits.maxTimeoutSeconds),
    ...above('maxTimeoutSeconds', request.maxTimeoutSeconds, limits.maxTimeoutSeconds),
    ...above('resources.cpus', resources.cpus, limits.cpus),
    ...above('resources.memoryMb', resources.memoryMb, limits.memoryMb),
    ...above('resources.pids', resources.pids, limits.pids),
    ...above('resources.diskMb', resources.diskMb, limits.diskMb),
  ];
}

/** As far as the name tells; whether its content is allowed is known where the engine is. */
export function imageProblems({ image }: SessionRequest, { images }: OperatorLimits): FieldError[] {
  if (isNameAllowed(image, images)) return [];
  return [{ path: 'image', message: `is not allowed here; allowed: ${images.join(', ')}` }];
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

function timeouts({ timeoutSeconds, maxTimeoutSeconds }: SessionRequest): FieldError[] {
  if (maxTimeoutSeconds >= timeoutSeconds) return [];
  return [{ path: 'maxTimeoutSeconds', message: `must not be below timeoutSeconds, which is ${timeoutSeconds}` }];
}

function notBuilt({ credentials, webhook }: StartRequest): FieldError[] {
  return [
    ...(credentials.delivery === 'gateway'
      ? [{ path: 'credentials.delivery', message: '"gateway" is not built yet; use "env"' }]
      : []),
    ...(webhook === undefined
      ? []
      : [{ path: 'webhook', message: 'is not supported yet; follow GET /v1/sessions/{id}/events instead' }]),
  ];
}
