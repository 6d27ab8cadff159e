/**
 * A 64-bit hash for telling whether two guests are in the same state, not for keeping secrets: two 32-bit lanes of
 * multiply-xorshift steps (constants of MurmurHash3, Appleby 2011, public domain). The same numbers and texts in the same
 * order give the same 16 digits on every machine.
 */
export class StateHash {
  readonly #word = new Uint32Array(2);
  readonly #double = new Float64Array(this.#word.buffer);
  #low = 0x243f6a88;
  #high = 0x13198a2e;

  /** Any number, by its bits; −0 counts as 0. */
  addNumber(value: number): this {
    this.#double[0] = value + 0;
    this.#add(this.#word[0] ?? 0);
    this.#add(this.#word[1] ?? 0);
    return this;
  }

  addNumbers(values: ArrayLike<number>): this {
    this.#add(values.length);
    for (let at = 0; at < values.length; at++) this.addNumber(values[at] ?? 0);
    return this;
  }

  /** UTF-16 units and their number. */
  addText(text: string): this {
    this.#add(text.length);
    for (let at = 0; at < text.length; at++) this.#add(text.charCodeAt(at));
    return this;
  }

  /** 16 hexadecimal digits of what was added so far. */
  finish(): string {
    const low = mix(this.#low ^ this.#high);
    const high = mix(this.#high + low);
    return hex(high) + hex(low);
  }

  #add(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x85ebca6b);
    this.#low ^= this.#low >>> 15;
    this.#high = Math.imul(this.#high ^ word, 0xc2b2ae35) + 0x52dce729;
    this.#high ^= this.#high >>> 13;
  }
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
