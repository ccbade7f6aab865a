import { Command, Option } from 'commander';
import { AUDIT_ACTIONS } from '../../access/audit.ts';
import { auditSchema } from '../../api/schemas/audit.ts';
import { connectApi } from '../client/connect.ts';
import type { AuditAnswer } from '../client/answers.ts';
import { everyPage } from '../client/every-page.ts';
import { showList } from '../client/show-list.ts';
import { table } from '../client/table.ts';
import { visibleJson } from '../terminal/visible.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { wrongUsage } from '../up/failure.ts';

interface AuditOptions {
  key?: string;
  session?: string;
  action?: string;
  limit: string;
  json?: true;
}

/** `daypass audit`: who did what. */
export function auditCommand(context: CommandContext): Command {
  return new Command('audit')
    .description('lists who did what, newest first')
    .option('--key <id>', 'only what this API key did, or what was done to it')
    .option('--session <id>', 'only what was done to this session')
    .addOption(new Option('--action <action>', 'only this').choices(AUDIT_ACTIONS))
    .option('--limit <n>', 'at most so many lines', '100')
    .option('--json', 'a JSON object a line, with all details')
    .action(async ({ key, session, action, limit, json }: AuditOptions) => {
      if (!/^[1-9]\d{0,8}$/.test(limit)) throw wrongUsage('--limit takes a number above 0.');
      const listed = await everyPage(await connectApi(context), '/v1/audit', auditSchema, {
        query: { keyId: key, sessionId: session, action },
        atMost: Number(limit),
      });
      showList(listed, {
        progress: context.progress,
        linesOf: (records) => (json === true ? records.map((record) => visibleJson(record)) : auditTable(records)),
      });
    });
}

function auditTable(records: AuditAnswer[]): string[] {
  const rows = records.map(({ time, action, outcome, keyName, keyId, address, sessionId, targetId }) => [
    time,
    action,
    outcome,
    keyId === null ? '-' : `${keyName ?? ''} (${keyId})`,
    address ?? '-',
    [sessionId, targetId].filter((id) => id !== null).join(' ') || '-',
  ]);
  return table(['TIME', 'ACTION', 'OUTCOME', 'BY', 'FROM', 'ABOUT'], rows);
}
