/** What Node adds below an error that nobody caught: it says nothing about it. */
const NODE_VERSION = /^Node\.js v\d/;

/**
 * The line of a log that tells why its process ended: the last that speaks of an error, or else the last one that is not indented
 * (as stacks are); undefined when there is none.
 */
export function lastWordsOf(log: string): string | undefined {
  const lines = log.split('\n').filter((line) => /^\S/.test(line) && !NODE_VERSION.test(line));
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
}
