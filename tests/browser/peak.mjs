// What one thread of this browser's wasm does at most: loops on registers alone, written as WebAssembly text and assembled by
// binaryen, so that no compiler of ours stands between. The native twin is in benches/native.rs.

import binaryen from "binaryen";

/** Independent chains: they hide the latency of a multiply-add, and V8 has sixteen registers for vectors. */
const CHAINS = 10;
const GENERATORS = 2;

const indices = (count) => Array.from({ length: count }, (_, idx) => idx);

/** A function that does `body` over `turns` turns and returns a number made of all `locals`, so that nothing can be left out. */
const loop = (name, locals, begin, body) => `
  (func (export "${name}") (param $turns i32) (result i32)
    ${locals.map((local) => `(local $${local} v128)`).join(" ")} (local $sum v128)
    ${begin}
    (loop $again
      ${body}
      (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    ${locals.map((local) => `(local.set $sum (v128.xor (local.get $sum) (local.get $${local})))`).join(" ")}
    (i32x4.extract_lane 0 (local.get $sum)))`;

const splat = (value) => `(v128.const f32x4 ${Array(4).fill(value).join(" ")})`;
const get = (local) => `(local.get $${local})`;
const set = (local, value) => `(local.set $${local} ${value})`;

function arithmetic(name, turn) {
  const chains = indices(CHAINS).map((idx) => `c${idx}`);
  const begin = [...chains.map((chain) => set(chain, splat(0.5))), set("a", splat(name === "operations" ? -0.001 : 0.999)),
    set("b", splat(name === "operations" ? 0.25 : 0.001))];
  return loop(name, [...chains, "a", "b"], begin.join(" "), chains.map((chain) => set(chain, turn(get(chain)))).join("\n"));
}

/** xoshiro128++, four lanes a generator. */
function words() {
  const of = (generator) => ["s0", "s1", "s2", "s3", "total", "shifted"].map((name) => `${name}_${generator}`);
  const rotated = (value, by) => `(v128.or (i32x4.shl ${value} (i32.const ${by})) (i32x4.shr_u ${value} (i32.const ${32 - by})))`;
  const xor = (local, other) => set(local, `(v128.xor ${get(local)} ${get(other)})`);
  const turn = (generator) => {
    const [s0, s1, s2, s3, total, shifted] = of(generator);
    return [
      set("mixed", `(i32x4.add ${get(s0)} ${get(s3)})`),
      set(total, `(v128.xor ${get(total)} (i32x4.add ${rotated(get("mixed"), 7)} ${get(s0)}))`),
      set(shifted, `(i32x4.shl ${get(s1)} (i32.const 9))`),
      xor(s2, s0), xor(s3, s1), xor(s1, s2), xor(s0, s3), xor(s2, shifted),
      set(s3, rotated(get(s3), 11)),
    ].join("\n");
  };
  const begin = indices(GENERATORS).flatMap((generator) => of(generator).slice(0, 4).map((local, word) => {
    const numbers = indices(4).map((lane) => (lane + 1) * (generator * 4 + word + 1) * 0x9e3779b1 >>> 0);
    return set(local, `(v128.const i32x4 ${numbers.join(" ")})`);
  }));
  return loop("words", [...indices(GENERATORS).flatMap(of), "mixed"], begin.join(" "), indices(GENERATORS).map(turn).join("\n"));
}

/**
 * The module of a level, and what a turn of each of its functions does.
 *
 * @param {"simd128" | "relaxed-simd"} level
 * @returns {{bytes: number[], perTurn: {multiply_adds: number, operations: number, words: number}}}
 */
export function peakModule(level) {
  const multiplyAdd = level === "relaxed-simd"
    ? (value) => `(f32x4.relaxed_madd ${value} ${get("a")} ${get("b")})`
    : (value) => `(f32x4.add (f32x4.mul ${value} ${get("a")}) ${get("b")})`;
  const text = `(module
    ${arithmetic("multiply_adds", multiplyAdd)}
    ${arithmetic("operations", (value) => `(f32x4.pmax (f32x4.add ${value} ${get("a")}) ${get("b")})`)}
    ${words()})`;
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  if (!module.validate()) throw new Error("peak: the module is not valid");
  const bytes = [...module.emitBinary()];
  module.dispose();
  return { bytes, perTurn: { multiply_adds: CHAINS * 4, operations: CHAINS * 8, words: GENERATORS * 4 } };
}

/** Runs in a worker: rates a second, the best of some rounds. It is a source text. */
export const peakSource = `
function peakOf({ bytes, perTurn }) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)));
  const rates = {};
  for (const [name, count] of Object.entries(perTurn)) {
    // The engine compiles with care what was called often, not while it runs; a page's clock ticks ten times a millisecond.
    for (let call = 0; call < 200; call++) exports[name](2e4);
    let best = 0;
    for (let round = 0; round < 20; round++) {
      const turns = 8e6;
      const start = performance.now();
      exports[name](turns);
      best = Math.max(best, (turns * count * 1e3) / (performance.now() - start));
    }
    rates[name] = best;
  }
  return rates;
}
`;
