/** A line longer than this is no row of any trace. */
const MOST_LINE_CHARACTERS = 65_536;

export interface TextLine {
  /** From 1. */
  readonly number: number;
  /** Without line end, carriage return and byte order mark. Null: longer than any row can be. */
  readonly text: string | null;
}

/** Lines of a text that comes in pieces cut anywhere. Memory: one line. Blank lines are left out, but counted. */
export function* textLines(chunks: Iterable<string>): Generator<TextLine> {
  let rest = '';
  let number = 0;
  for (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      const line = toLine(rest + chunk.slice(from, end), ++number);
      if (line !== null) yield line;
      rest = '';
      from = end + 1;
    }
    // Of a line that is too long only its length matters from here on.
    rest = (rest + chunk.slice(from)).slice(0, MOST_LINE_CHARACTERS + 1);
  }
  const last = toLine(rest, number + 1);
  if (last !== null) yield last;
}

function toLine(raw: string, number: number): TextLine | null {
  if (raw.length > MOST_LINE_CHARACTERS) return { number, text: null };
  const text = (number === 1 ? raw.replace(/^\uFEFF/, '') : raw).replace(/\r$/, '');
  return text.trim() === '' ? null : { number, text };
}
