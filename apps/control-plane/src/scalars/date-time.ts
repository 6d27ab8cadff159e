import { GraphQLScalarType, Kind, print } from 'graphql';

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

function parse(value: unknown, shown: string): Date {
  const time = typeof value === 'string' && ISO_8601.test(value) ? new Date(value) : new Date(NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw new TypeError(
    `DateTime must be a time in ISO 8601 with its offset, such as "2026-03-01T12:00:00Z", got ${shown}`,
  );
}

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'A moment in ISO 8601 with its offset; answered in UTC.',
  serialize: (value) => (value as Date).toISOString(),
  parseValue: (value) => parse(value, JSON.stringify(value)),
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined, print(node)),
});
