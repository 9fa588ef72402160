/**
 * Which of the two wasm builds this browser can run.
 *
 * A browser that validates a module with one instruction of a feature has that feature; nothing is run or downloaded.
 * This module imports nothing.
 */

/** `() -> v128`: `i8x16.popcnt(i8x16.splat(0))`, fixed-width SIMD. */
export const SIMD128_MODULE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
);

/** `() -> v128`: `i8x16.relaxed_swizzle(i8x16.splat(1), i8x16.splat(2))`, relaxed SIMD. */
export const RELAXED_MODULE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  253, 128, 2, 11,
);

/** Says why there is no live figure. */
export class UnsupportedError extends Error {
  constructor() {
    super('This browser has no WebAssembly SIMD, which the live figures need; what you see is a still picture');
    this.name = 'UnsupportedError';
  }
}

/**
 * The folder under `pkg/` that holds the fastest build for this browser.
 *
 * @param {(bytes: Uint8Array) => boolean} [validate] stands in for `WebAssembly.validate` in tests
 * @returns {'relaxed' | 'simd128' | null} null where neither can run
 */
export function wasmLevel(validate = validateHere) {
  if (!validate(SIMD128_MODULE)) return null;
  return validate(RELAXED_MODULE) ? 'relaxed' : 'simd128';
}

function validateHere(bytes) {
  return typeof WebAssembly === 'object' && WebAssembly.validate(bytes);
}
