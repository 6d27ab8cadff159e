import { readFileSync } from 'node:fs';

export interface FencedBlock {
  readonly language: string;
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

/** The fenced code blocks of a Markdown file, in order. */
export function fencedBlocks(path: string): FencedBlock[] {
  const blocks: FencedBlock[] = [];
  let open: { language: string; line: number; text: string[] } | null = null;
  for (const [at, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    const fence = /^```(\w*)/.exec(line);
    if (open === null && fence !== null) open = { language: fence[1] ?? '', line: at + 1, text: [] };
    else if (open !== null && fence !== null) {
      blocks.push({ ...open, text: open.text.join('\n') });
      open = null;
    } else open?.text.push(line);
  }
  if (open !== null) throw new Error(`${path}: the block of line ${open.line} has no end`);
  return blocks;
}

/** The commands of a shell block, without comments. */
export function commandsOf(block: FencedBlock): string[] {
  return block.text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}
