/**
 * The only source of chance below floor 4: a small seeded generator (sfc32, public domain, Doty-Humphrey 2014) whose
 * whole state is four 32-bit words, so that it can live in a snapshot. Streams for separate purposes are derived by
 * name: an extra draw in one never shifts another.
 */
export class RandomStream {
  readonly #state: Uint32Array;

  private constructor(state: Uint32Array) {
    this.#state = state;
  }

  /** A stream for `purpose` under `seed` (any finite number or string). The same pair gives the same draws everywhere. */
  static of(seed: number | string, purpose = ''): RandomStream {
    const words = new Uint32Array(4);
    const text = `${seed}\u0000${purpose}`;
    for (let word = 0; word < 4; word++) words[word] = hash32(text, word + 1);
    const stream = new RandomStream(words);
    for (let warmUp = 0; warmUp < 12; warmUp++) stream.nextUint32();
    return stream;
  }

  /** Continues a stream from the four words of `state()`. */
  static from(state: ArrayLike<number>): RandomStream {
    if (state.length !== 4) throw new RangeError(`a random state has 4 words, got ${state.length}`);
    return new RandomStream(Uint32Array.from(state));
  }

  /** The four words that `from` continues from. */
  state(): Uint32Array {
    return this.#state.slice();
  }

  /** Whole number, 0 ≤ n < 2^32. */
  nextUint32(): number {
    const state = this.#state as unknown as [number, number, number, number];
    const sum = (state[0] + state[1] + state[3]) | 0;
    const third = state[2];
    state[3] = state[3] + 1;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = third + (third << 3);
    state[2] = ((third << 21) | (third >>> 11)) + sum;
    return sum >>> 0;
  }

  /** Float, 0 ≤ x < 1, with 32 random bits. */
  nextFloat(): number {
    return this.nextUint32() / 4_294_967_296;
  }

  /** Whole number, 0 ≤ n < `bound`; `bound` from 1 to 2^32. Bias below 2^-32 × bound. */
  nextBelow(bound: number): number {
    return Math.floor(this.nextFloat() * bound);
  }

  /** A normal draw (Box–Muller), mean 0, standard deviation 1. */
  nextNormal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.nextFloat()));
    return radius * Math.cos(2 * Math.PI * this.nextFloat());
  }
}

/** FNV-1a over the text's UTF-16 units, with a murmur-style finish so that similar names do not give similar words. */
function hash32(text: string, salt: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(salt, 0x9e3779b1);
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
