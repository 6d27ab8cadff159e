/**
 * A 128-bit hash for telling whether two memories are equal, not for keeping secrets: four 32-bit lanes, each a
 * multiply-xorshift chain (constants of MurmurHash3, Appleby 2011, public domain) over every fourth word. About 1 ns a
 * word.
 */
export class WordHash {
  readonly #lanes = Int32Array.of(0x243f6a88, -0x7a5cf72d, 0x13198a2e, 0x03707344);
  #words = 0;

  /** Appends words `from` … `to − 1`; a multiple of four at a time. */
  update(words: Int32Array, from: number, to: number): void {
    let [a, b, c, d] = this.#lanes as unknown as [number, number, number, number];
    for (let at = from; at < to; at += 4) {
      a = Math.imul(a ^ words[at], 0x85ebca6b);
      b = Math.imul(b ^ words[at + 1], 0xc2b2ae35);
      c = Math.imul(c ^ words[at + 2], 0x85ebca6b);
      d = Math.imul(d ^ words[at + 3], 0xc2b2ae35);
      a ^= a >>> 15;
      b ^= b >>> 13;
      c ^= c >>> 16;
      d ^= d >>> 14;
    }
    this.#lanes.set([a, b, c, d]);
    this.#words += to - from;
  }

  /** The hash so far, lanes mixed with each other: four words. */
  finish(): Int32Array {
    const lanes = this.#lanes.slice();
    for (let round = 0; round < 8; round++) {
      const at = round & 3;
      let mixed = Math.imul(lanes[at] ^ lanes[(at + 1) & 3] ^ (this.#words + round), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      lanes[at] = mixed ^ (mixed >>> 16);
    }
    return lanes;
  }
}

/** 32 hexadecimal digits. */
export function wordsToHex(words: Int32Array): string {
  let text = '';
  for (const word of words) text += (word >>> 0).toString(16).padStart(8, '0');
  return text;
}
