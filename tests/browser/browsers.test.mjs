// Both wasm builds start in every browser that is here, under the page's own policy; a build that a browser can't run is
// said aloud.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, siteUrl } from "./harness.mjs";
import { launchFirefox, launchWebkit } from "./other-browsers.mjs";

/** Which browsers run the fused build; the others must refuse it, or this table is out of date. */
const BROWSERS = [
  { launch: launchChromium, hasRelaxed: true },
  { launch: launchFirefox, hasRelaxed: true },
  // Apple's and Igalia's ports have none: https://webkit.org/status.
  { launch: launchWebkit, hasRelaxed: false, needs: "WEBKIT_DRIVER_PATH" },
];

for (const { launch, hasRelaxed, needs } of BROWSERS) {
  test(`wasm starts (${launch.name.slice("launch".length)})`, async (t) => {
    if (needs && !process.env[needs]) {
      t.diagnostic("NOT RUN: this system has no WebKit that can be driven without a window");
      return;
    }
    const browser = await launch();
    try {
      await browser.open(siteUrl());
      assert.deepEqual(await browser.evaluate(startLevel, "simd128"), { level: "simd128" });
      const relaxed = await browser.evaluate(startLevel, "relaxed");
      if (!relaxed.level) t.diagnostic(`${browser.name} can't run relaxed SIMD; the page takes simd128 there`);
      assert.deepEqual(relaxed, hasRelaxed ? { level: "relaxed-simd" } : { level: null });
    } finally {
      await browser.close();
    }
  });
}

/** Runs in the page: starts one build and asks it for its level; null if the browser finds the module invalid. */
async function startLevel(folder) {
  const at = (file) => new URL(`pkg/${folder}/${file}`, document.baseURI).href;
  const bytes = await (await fetch(at("superposition_bg.wasm"))).arrayBuffer();
  if (!WebAssembly.validate(bytes)) return { level: null };
  const bindings = await import(at("superposition.js"));
  await bindings.default({ module_or_path: at("superposition_bg.wasm") });
  return { level: bindings.wasmLevel() };
}

async function launchChromium() {
  const { page, close } = await openPage("about:blank");
  return {
    name: "Chromium",
    open: (url) => page.goto(url),
    evaluate: (run, value) => page.evaluate(run, value),
    close,
  };
}
