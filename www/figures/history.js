/** Past pictures of a run, few enough to keep: where there are too many, every other one is forgotten. */

import { discard } from '../protocol.js';

/** So many pictures, and so many bytes of them, at most. */
const MAX_PICTURES = 100;
const MAX_BYTES = 3e6;

/**
 * @typedef {{bytes: Uint8Array, steps: number, sentence: string, isFinal: boolean}} Past
 */

/** The pictures of a run, the oldest first. */
export class History {
  /**
   * @param {object} [options]
   * @param {number} [options.maxPictures]
   * @param {number} [options.maxBytes]
   * @param {(past: Past) => boolean} [options.isHeld] whether someone else still needs a picture that is forgotten here
   */
  constructor({ maxPictures = MAX_PICTURES, maxBytes = MAX_BYTES, isHeld = () => false } = {}) {
    this.maxPictures = maxPictures;
    this.maxBytes = maxBytes;
    this.isHeld = isHeld;
    /** @type {Past[]} */
    this.pictures = [];
  }

  get bytes() {
    return this.pictures.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** @param {Past} past */
  push(past) {
    // A picture of the same step takes the place of the last.
    if (this.pictures.at(-1)?.steps === past.steps) this.forget(-1);
    this.pictures.push(past);
    while (this.pictures.length > 2 && (this.pictures.length > this.maxPictures || this.bytes > this.maxBytes)) this.thin();
  }

  /** Forgets every other one; the first and the last stay. */
  thin() {
    const last = this.pictures.length - 1;
    for (let idx = last - 1; idx > 0; idx -= 1) if (idx % 2 === 1) this.forget(idx);
  }

  /** Forgets all. */
  clear() {
    while (this.pictures.length > 0) this.forget(-1);
  }

  forget(idx) {
    const [past] = this.pictures.splice(idx, 1);
    if (!this.isHeld(past)) discard(past.bytes);
  }
}
