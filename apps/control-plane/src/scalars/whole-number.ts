import { GraphQLScalarType, Kind, print, type ValueNode } from 'graphql';

const ACCEPTED = `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`;

/** A scalar for counts that pass the 32 bits of Int: exact up to 2^53 − 1, as JSON numbers are. */
function wholeNumber(name: string, description: string): GraphQLScalarType<number, number> {
  const check = (value: unknown, shown: string): number => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw new TypeError(`${name} must be ${ACCEPTED}, got ${shown}`);
  };
  return new GraphQLScalarType({
    name,
    description: `${description} ${ACCEPTED[0]?.toUpperCase()}${ACCEPTED.slice(1)}.`,
    serialize: (value) => check(value, String(value)),
    parseValue: (value) => check(value, JSON.stringify(value)),
    parseLiteral: (node: ValueNode) => check(node.kind === Kind.INT ? Number(node.value) : node, print(node)),
  });
}

export const Bytes = wholeNumber('Bytes', 'A size in bytes.');
export const Count = wholeNumber('Count', 'Things counted: pages, ticks, events.');
