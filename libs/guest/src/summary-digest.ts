/**
 * A digest of numbers and texts that is cheap to take each tick: two FNV-1a streams of 32 bits with different starts, over the
 * IEEE bytes of each number. Not for adversaries: it tells whether a replay went the same way.
 */
const FNV_PRIME = 0x01000193;

export class SummaryDigest {
  readonly #number = new Float64Array(1);
  readonly #words = new Uint32Array(this.#number.buffer);
  #first = 0x811c9dc5;
  #second = 0x9747b28c;

  add(value: number): this {
    this.#number[0] = value;
    this.#mix(this.#words[0] ?? 0);
    this.#mix(this.#words[1] ?? 0);
    return this;
  }

  addText(text: string): this {
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at));
    return this;
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#first) + hex(this.#second);
  }

  #mix(word: number): void {
    this.#first = Math.imul(this.#first ^ word, FNV_PRIME);
    this.#second = Math.imul(this.#second ^ ((word << 13) | (word >>> 19)), FNV_PRIME);
    // FNV moves information upwards only; fold some of it back.
    this.#first ^= this.#first >>> 15;
    this.#second ^= this.#second >>> 13;
  }
}
