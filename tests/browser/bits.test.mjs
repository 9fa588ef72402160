// `level: "simd128"` gives the same bits in every browser, in both wasm builds, as natively.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertNoProblems, openPage, siteUrl } from "./harness.mjs";
import { launchFirefox, launchWebkit } from "./other-browsers.mjs";

const SPEC = { features: 5, hidden: 2, importance: 0.9, density: 0.1, level: "simd128", steps: 500, seed: 3 };

/**
 * What the command line says of SPEC on x86-64; decimal digits that give back the very same `f32`. Made by
 *
 *   echo '{"features":5,"hidden":2,"importance":0.9,"density":0.1,"level":"simd128","steps":500,"seed":3}' |
 *     superposition train - --fields weights,bias
 *
 * If a change of the core is meant to change the bits, run that again and put its line here: all browsers follow.
 */
const NATIVE = {
  weights: [
    [-1.0476216, 0.8126118, -0.11157273, -0.162298, 0.8008624],
    [0.033441596, -0.62843335, 1.0656085, -0.7511847, 0.4430819],
  ],
  bias: [-0.059677333, -0.14829904, -0.14734477, 0.0018117765, -0.098199524],
};

/** Which builds each browser runs: the fused one too must leave the fused instruction out at this level. */
const BROWSERS = [
  { launch: launchChromium, builds: ["simd128", "relaxed"] },
  { launch: launchFirefox, builds: ["simd128", "relaxed"] },
  { launch: launchWebkit, builds: ["simd128"], needs: "WEBKIT_DRIVER_PATH" },
];

for (const { launch, builds, needs } of BROWSERS) {
  const name = launch.name.slice("launch".length);
  test(`the bits of a native run (${name})`, async (t) => {
    if (needs && !process.env[needs]) {
      t.diagnostic("NOT RUN: this system has no WebKit that can be driven without a window");
      return;
    }
    const browser = await launch();
    try {
      await browser.open(siteUrl("#v=1&figure=intro&spec=%7B%22steps%22%3A0%7D"));
      for (const build of builds) {
        const { weights, bias, step, error } = await browser.evaluate(trainHere, { build, spec: JSON.stringify(SPEC) });
        assert.equal(error, undefined, `${browser.name} cannot run the ${build} build: ${error}`);
        assert.equal(step, SPEC.steps);
        assert.deepEqual(weights, bitsOf(NATIVE.weights.flat()), `${browser.name}, ${build}: weights`);
        assert.deepEqual(bias, bitsOf(NATIVE.bias), `${browser.name}, ${build}: bias`);
      }
      browser.check?.();
    } finally {
      await browser.close();
    }
  });
}

/** The bits of numbers as `f32`, so that 0 and −0 differ and a failure is exact. */
function bitsOf(numbers) {
  return [...new Uint32Array(Float32Array.from(numbers).buffer)];
}

/** Runs in the page: trains a spec in one of the builds. */
async function trainHere({ build, spec }) {
  try {
    const at = (file) => new URL(`pkg/${build}/${file}`, document.baseURI).href;
    const bindings = await import(at("superposition.js"));
    const parts = { core: await bindings.default({ module_or_path: at("superposition_bg.wasm") }) };
    for (const name of ["gallery", "seldom"]) {
      parts[name] = (await WebAssembly.instantiateStreaming(fetch(at(`${name}.wasm`)), parts)).instance.exports;
    }
    const trainer = new bindings.Trainer(spec);
    while (trainer.state().status === "running") trainer.advance(64);
    const { weights, bias } = trainer.snapshot();
    const bits = (values) => [...new Uint32Array(values.slice().buffer)];
    const { step } = trainer.state();
    trainer.free();
    return { weights: bits(weights), bias: bits(bias), step };
  } catch (error) {
    return { error: String(error) };
  }
}

async function launchChromium() {
  const { page, problems, close } = await openPage(siteUrl("#v=1&figure=intro&spec=%7B%22steps%22%3A0%7D"));
  return {
    name: "Chromium",
    open: async () => {},
    evaluate: (run, value) => page.evaluate(run, value),
    check: () => assertNoProblems(problems),
    close,
  };
}
