import { wrongUsage } from '../up/failure.ts';

const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90d`, `12h`, `30m` from now, or a time in ISO 8601, as the API wants it. */
export function expiryFrom(text: string, now: Date): string {
  const [, amount = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const at = unit === '' ? Date.parse(text) : now.getTime() + Number(amount) * (UNIT_MS[unit] ?? 0);
  if (Number.isNaN(at)) {
    throw wrongUsage(`--expires takes a span such as 90d, 12h or 30m, or a time such as 2027-01-31T00:00:00Z.`);
  }
  return new Date(at).toISOString();
}
