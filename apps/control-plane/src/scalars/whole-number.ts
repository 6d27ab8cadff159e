import { GraphQLScalarType, Kind, print, type ValueNode } from 'graphql';

/** A scalar for counts that pass the 32 bits of Int: exact up to 2^53 − 1, as JSON numbers are. */
function wholeNumber(name: string, description: string, min = 0): GraphQLScalarType<number, number> {
  const accepted = `a whole number from ${min} to ${Number.MAX_SAFE_INTEGER}`;
  const check = (value: unknown, shown: string): number => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value;
    throw new TypeError(`${name} must be ${accepted}, got ${shown}`);
  };
  return new GraphQLScalarType({
    name,
    description: `${description} ${accepted[0]?.toUpperCase()}${accepted.slice(1)}.`,
    serialize: (value) => check(value, String(value)),
    parseValue: (value) => check(value, JSON.stringify(value)),
    parseLiteral: (node: ValueNode) => check(node.kind === Kind.INT ? Number(node.value) : node, print(node)),
  });
}

export const Bytes = wholeNumber('Bytes', 'A size in bytes.');
export const SignedBytes = wholeNumber('SignedBytes', 'A difference of sizes in bytes.', Number.MIN_SAFE_INTEGER);
export const Count = wholeNumber('Count', 'Things counted: pages, ticks, events.');
