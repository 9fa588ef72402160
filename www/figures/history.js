/** Past pictures of a run, few enough to keep: where there are too many, every other one is forgotten. */

/** So many pictures, and so many bytes of them, at most. */
const MAX_PICTURES = 100;
const MAX_BYTES = 5e6;

/**
 * @typedef {{bytes: Uint8Array, steps: number, sentence: string, isFinal: boolean}} Past
 */

/** The pictures of a run, the oldest first. */
export class History {
  constructor({ maxPictures = MAX_PICTURES, maxBytes = MAX_BYTES } = {}) {
    this.maxPictures = maxPictures;
    this.maxBytes = maxBytes;
    /** @type {Past[]} */
    this.pictures = [];
  }

  get bytes() {
    return this.pictures.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** @param {Past} past */
  push(past) {
    // A picture of the same step takes the place of the last.
    if (this.pictures.at(-1)?.steps === past.steps) this.pictures.pop();
    this.pictures.push(past);
    while (this.pictures.length > 2 && (this.pictures.length > this.maxPictures || this.bytes > this.maxBytes)) this.thin();
  }

  /** Forgets every other one; the first and the last stay. */
  thin() {
    const last = this.pictures.length - 1;
    this.pictures = this.pictures.filter((_, idx) => idx % 2 === 0 || idx === last);
  }
}
