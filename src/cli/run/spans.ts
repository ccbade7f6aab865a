import { wrongUsage } from '../up/failure.ts';

const SPAN = /^(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s?)?$/;

/** `10m`, `1h30m`, `90s`, `90`: seconds. Throws naming the option. */
export function secondsIn(text: string, option: string): number {
  const [, d = '0', h = '0', m = '0', s = '0'] = SPAN.exec(text) ?? [];
  const seconds = Number(d) * 86_400 + Number(h) * 3_600 + Number(m) * 60 + Number(s);
  if (seconds > 0) return seconds;
  throw wrongUsage(`${option} takes a span of time such as 10m, 1h30m or 90s; not "${text}".`);
}

/** A span for `--grace`, which may also be none. */
export function graceIn(text: string): number {
  return /^0s?$/.test(text) ? 0 : secondsIn(text, '--grace');
}

/** `512m`, `2g`, `512`: megabytes. Throws naming the option. */
export function megabytesIn(text: string, option: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,9})([mg]?)b?$/i.exec(text) ?? [];
  if (Number(amount) > 0) return Number(amount) * (unit.toLowerCase() === 'g' ? 1_024 : 1);
  throw wrongUsage(`${option} takes a size such as 512m or 2g; not "${text}".`);
}

/** Throws naming the option. */
export function numberIn(text: string, option: string): number {
  if (/^-?\d{1,9}(\.\d{1,3})?$/.test(text)) return Number(text);
  throw wrongUsage(`${option} takes a number; not "${text}".`);
}
