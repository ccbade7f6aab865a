import { Command } from 'commander';
import { z } from 'zod';
import { sessionSchema } from '../../api/schemas/session.ts';
import { isEnded } from '../../session/status.ts';
import { connectApi } from '../client/connect.ts';
import { sessionIdOf } from '../client/session-id.ts';
import { graceIn, secondsIn } from '../run/spans.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { wrongUsage } from '../up/failure.ts';
import { forEachSession } from './each-session.ts';

/** `daypass stop`: SIGTERM, after the grace SIGKILL, then the token; `--now` the token first. */
export function stopCommand(context: CommandContext): Command {
  return new Command('stop')
    .description('stops sessions; those that have ended stay as they are')
    .argument('<session...>', 'their ids, or the beginnings of them')
    .option('--grace <span>', 'what the command has to end by itself', '10s')
    .option('--now', 'revoke the token first, without any grace')
    .action(async (given: string[], { grace, now }: { grace: string; now?: true }) => {
      const graceSeconds = graceIn(grace);
      const body = now === true ? { graceSeconds: 0, revoke: 'now' } : { graceSeconds };
      const api = await connectApi(context);
      await forEachSession(given, { api, progress: context.progress }, async (id) => {
        const { status } = await api.call('POST', `/v1/sessions/${id}/stop`, sessionSchema, body);
        return isEnded(status) ? `${id} is over (${status})` : `${id} is being stopped`;
      });
    });
}

/** `daypass rm`: forgets sessions that have ended, with their logs. */
export function rmCommand(context: CommandContext): Command {
  return new Command('rm')
    .description('forgets sessions that have ended, with their logs')
    .argument('<session...>', 'their ids, or the beginnings of them')
    .action(async (given: string[]) => {
      const api = await connectApi(context);
      await forEachSession(given, { api, progress: context.progress }, async (id) => {
        await api.call('DELETE', `/v1/sessions/${id}`, z.null());
        return `${id} is forgotten`;
      });
    });
}

/** `daypass extend`. */
export function extendCommand(context: CommandContext): Command {
  return new Command('extend')
    .description('gives a session so much time from now, more or less than it had')
    .argument('<session>', 'its id, or the beginning of it')
    .argument('<span>', 'such as 30m')
    .action(async (given: string, span: string) => {
      const timeoutSeconds = secondsIn(span, 'extend');
      const api = await connectApi(context);
      const id = await sessionIdOf(api, given);
      const { deadlineAt } = await api.call('POST', `/v1/sessions/${id}/extend`, sessionSchema, { timeoutSeconds });
      context.progress.line(`${id} has time until ${deadlineAt ?? `${span} after its start`}`);
    });
}

/** `daypass network`. */
export function networkCommand(context: CommandContext): Command {
  return new Command('network')
    .description('changes what a session may reach besides its repo host, also for open connections')
    .argument('<session>', 'its id, or the beginning of it')
    .argument('[host...]', 'the whole new list, such as api.example.com or *.example.org:8443')
    .option('--none', 'nothing more than the repo host')
    .action(async (given: string, allow: string[], { none }: { none?: true }) => {
      if ((allow.length === 0) !== (none === true)) throw wrongUsage('Name the hosts, or --none.');
      const api = await connectApi(context);
      const id = await sessionIdOf(api, given);
      await api.call('PATCH', `/v1/sessions/${id}/network`, sessionSchema, { allow });
      context.progress.line(`${id} may reach ${allow.length === 0 ? 'its repo host alone' : allow.join(', ')}`);
    });
}
