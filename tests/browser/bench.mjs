// The three timings of the page, each a median of runs in one Chromium on a quiet machine:
//   sweep  one worker, ten models of five features in two dimensions at once, a step, against the same in plain JavaScript
//   hero   from navigation to the first frame in which all three panels show their shapes
//   phase  the 64 × 64 phase diagram, from the click to the last cell
//
// Run by `cargo xtask bench`, which sets SUPERPOSITION_URL and CHROME_PATH; `node tests/browser/bench.mjs sweep` runs one.

import { openPage, launchChromium, siteUrl } from "./harness.mjs";
import { plainSource } from "./plain-peer.mjs";

const ROUNDS = 5;
const asked = process.argv.slice(2);
const wanted = (name) => asked.length === 0 || asked.includes(name);

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const spread = (values, digits) => `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;

const browser = await launchChromium();
try {
  if (wanted("sweep")) await sweep();
  if (wanted("hero")) await hero();
  if (wanted("phase")) await phase();
} finally {
  await browser.close();
}

/** Steps of the ten-model sweep, ours at each wasm level and the peer's by turns, in one worker. */
async function sweep() {
  const { page, close } = await openPage(siteUrl("www/style.css"), { browser });
  const results = await page.evaluate(runSweep, { rounds: ROUNDS, base: siteUrl(), plain: plainSource });
  await close();
  const peer = median(results.plain);
  console.log(`\nten 5→2 models, batch 1024, one worker, a step (median of ${ROUNDS})`);
  console.log(`  plain JavaScript  ${peer.toFixed(3)} ms  (${spread(results.plain, 3)})`);
  for (const level of ["simd128", "relaxed-simd"]) {
    const times = results[level];
    if (!times) {
      console.log(`  ${level.padEnd(16)}  this browser cannot run it`);
      continue;
    }
    const ratio = median(times.map((time, round) => results.plain[round] / time));
    console.log(`  ${level.padEnd(16)}  ${median(times).toFixed(4)} ms  (${spread(times, 4)})  ${ratio.toFixed(1)} times faster`);
  }
}

/** Runs in the page: one worker, made from a blob, times everything. */
function runSweep({ rounds, base, plain }) {
  const source = `
    ${plain}
    const spec = JSON.stringify({ features: 5, hidden: 2, importance: 0.9, batch: 1024, steps: 100000000,
      sweep: [{ field: "density", from: 1, to: 0.05, count: 10, scale: "log" }] });
    async function trainer(level) {
      const folder = level === "relaxed-simd" ? "relaxed" : "simd128";
      const pkg = await import("${base}pkg/" + folder + "/superposition.js");
      await pkg.default({ module_or_path: "${base}pkg/" + folder + "/superposition_bg.wasm" });
      return new pkg.Trainer(spec);
    }
    function time(steps, run) {
      const start = performance.now();
      run(steps);
      return (performance.now() - start) / steps;
    }
    onmessage = async () => {
      const results = { plain: [] };
      const contestants = [];
      for (const level of ["simd128", "relaxed-simd"]) {
        try {
          contestants.push([level, await trainer(level)]);
          results[level] = [];
        } catch (error) {
          if (!(error instanceof WebAssembly.CompileError)) throw error;
        }
      }
      const models = Array.from({ length: 10 }, (_, k) => new PlainModel(5, 2, 0.9, 20 ** (-k / 9), 1024));
      const plainSteps = (steps) => { for (let s = 0; s < steps; s++) for (const model of models) model.step(); };
      plainSteps(200);
      for (const [, ours] of contestants) ours.advance(4000);
      for (let round = 0; round < ${rounds}; round++) {
        results.plain.push(time(300, plainSteps));
        for (const [level, ours] of contestants) results[level].push(time(8000, (steps) => ours.advance(steps)));
      }
      postMessage(results);
    };`;
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return new Promise((resolve, reject) => {
    const worker = new Worker(address, { type: "module" });
    worker.onmessage = (event) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(0);
  });
}

/** Seconds from navigation to the mark that the page sets at the first frame with all three shapes. */
async function hero() {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { page, close } = await openPage(siteUrl(), { browser });
    await page.waitForFunction(() => performance.getEntriesByName("hero-shapes").length > 0, null, { timeout: 60_000 });
    times.push(await page.evaluate(() => performance.getEntriesByName("hero-shapes")[0].startTime / 1000));
    await close();
  }
  console.log(`\nhero: all three panels at their shapes, after navigation (median of ${ROUNDS}, a fresh profile each)`);
  console.log(`  ${median(times).toFixed(2)} s  (${spread(times, 2)}), target 1.5 s`);
}

/** Seconds from the click on Run to the last of the 64 × 64 cells. */
async function phase() {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { page, close } = await openPage(siteUrl(), { browser });
    await page.locator('superposition-figure[figure="phase-2-1"]').scrollIntoViewIfNeeded();
    await page.locator('superposition-figure[figure="phase-2-1"] [data-action="run"]').click();
    await page.waitForFunction(() => performance.getEntriesByName("phase-done").length > 0, null, { timeout: 300_000 });
    times.push(await page.evaluate(() => {
      const at = (name) => performance.getEntriesByName(name)[0].startTime;
      return (at("phase-done") - at("phase-run")) / 1000;
    }));
    await close();
  }
  console.log(`\nphase-2-1: 64 × 64 cells, ten restarts each (median of ${ROUNDS})`);
  console.log(`  ${median(times).toFixed(2)} s  (${spread(times, 2)}), target 15 s`);
}
