import { GraphQLScalarType, Kind, print } from 'graphql';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SHORT = /^(\d+)(ms|s|m|h|d)$/;
const ISO_8601 = /^P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/;

/** Milliseconds of "30s", "5m", "PT5M", "P1DT12H"; null for anything else. */
export function parseDuration(text: string): number | null {
  const short = SHORT.exec(text);
  if (short !== null) return Number(short[1]) * (UNIT_MS[short[2] ?? ''] ?? NaN);
  const iso = ISO_8601.exec(text);
  if (iso === null) return null;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = iso;
  return Math.round(
    Number(days) * 86_400_000 + Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000,
  );
}

/** ISO 8601 in days, hours, minutes and seconds. */
export function formatDuration(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  const hours = Math.floor(ms / 3_600_000) % 24;
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = (ms % 60_000) / 1000;
  const date = days > 0 ? `${days}D` : '';
  const time = [hours > 0 ? `${hours}H` : '', minutes > 0 ? `${minutes}M` : '', seconds > 0 ? `${seconds}S` : ''].join(
    '',
  );
  return date === '' && time === '' ? 'PT0S' : `P${date}${time === '' ? '' : `T${time}`}`;
}

function parse(value: unknown, shown: string): number {
  const ms = typeof value === 'string' ? parseDuration(value) : null;
  if (ms !== null && Number.isSafeInteger(ms)) return ms;
  throw new TypeError(
    `Duration must be a length of time such as "30s", "5m", "2h", "1d" or, in ISO 8601, "PT5M", got ${shown}`,
  );
}

/** Milliseconds inside, text outside. */
export const Duration = new GraphQLScalarType<number, string>({
  name: 'Duration',
  description: 'A length of time: "30s", "5m", "2h", "1d", or ISO 8601 such as "PT5M". Answered in ISO 8601.',
  serialize: (value) => formatDuration(value as number),
  parseValue: (value) => parse(value, JSON.stringify(value)),
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined, print(node)),
});
