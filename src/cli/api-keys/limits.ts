import type { KeyLimits } from '../../access/key-limits.ts';
import { wrongUsage } from '../up/failure.ts';

/** An option of `daypass api-keys create` for each limit of a key. */
export const LIMIT_OPTIONS: readonly { name: keyof KeyLimits; flag: string; text: string }[] = [
  { name: 'sessions', flag: 'limit-sessions', text: 'sessions at once, those that wait included' },
  { name: 'startsPerMinute', flag: 'limit-starts', text: 'sessions started in a minute' },
  { name: 'requestsPerMinute', flag: 'limit-requests', text: 'calls of the API in a minute' },
  { name: 'timeoutSeconds', flag: 'limit-timeout', text: 'seconds that a session may ask for at a time' },
  { name: 'cpus', flag: 'limit-cpus', text: 'cpus of a session' },
  { name: 'memoryMb', flag: 'limit-memory', text: 'MB of memory of a session' },
  { name: 'pids', flag: 'limit-pids', text: 'processes of a session' },
  { name: 'diskMb', flag: 'limit-disk', text: 'MB of disk of a session' },
  { name: 'maxPriority', flag: 'limit-priority', text: 'highest priority of a session; 0 when left out' },
];

/** What commander makes of such an option: `--limit-starts` is `limitStarts`. */
function optionName(flag: string): string {
  return flag.replaceAll(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

/** The limits that were given. Throws where one is neither a number nor `none`. */
export function limitsFrom(options: Record<string, unknown>): Partial<KeyLimits> {
  const entries = LIMIT_OPTIONS.flatMap(({ name, flag }): [string, number | null][] => {
    const text = options[optionName(flag)];
    return typeof text === 'string' ? [[name, limitIn(flag, text)]] : [];
  });
  return Object.fromEntries(entries);
}

function limitIn(flag: string, text: string): number | null {
  if (text === 'none') return null;
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw wrongUsage(`--${flag} takes a number, or "none" for no limit of its own; not "${text}".`);
}
