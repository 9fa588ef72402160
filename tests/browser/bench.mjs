// The browser's side of `cargo xtask bench`: it trains and times what it is told, a line of JSON at a time, in one Chromium. The
// requests of benches/native.rs, with `who` in each:
//
//   simd128, relaxed-simd   ours, in one worker
//   two-workers             ours at the best level, in two workers at once, each with the whole workload
//   javascript              the peer of plain-peer.mjs, in the same worker
//
// and beside them:
//
//   about                   versions, the levels that this browser has
//   memory                  bytes of a worker's module, for `who`
//   page                    `what`: one of hero, phase, dimensions, provisional; seconds that a reader waits
//
// Started by `cargo xtask bench`, which sets SUPERPOSITION_URL and CHROME_PATH.

import { createInterface } from "node:readline";
import { launchChromium, openPage, siteUrl } from "./harness.mjs";
import { workerSource } from "./bench-worker.mjs";
import { peakModule } from "./peak.mjs";

const LIMIT_MS = 900_000;
const PHASE = 'superposition-figure[figure="phase-2-1"]';
const DIMENSIONS = 'superposition-figure[figure="dimensions"] > .card';

const browser = await launchChromium();
/** Made when the first request needs it. */
let bench = null;
let levels = [];

/** A page that holds two workers and nothing else: a stylesheet, since it has no policy and no script of ours. */
async function openBench() {
  const opened = await openPage(siteUrl("www/style.css"), { browser });
  await opened.page.evaluate((source) => {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const workers = [0, 1].map(() => new Worker(address, { type: "module" }));
    globalThis.ask = (idx, message) => new Promise((resolve, reject) => {
      workers[idx].onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
      workers[idx].onerror = (event) => reject(new Error(event.message));
      workers[idx].postMessage(message);
    });
  }, workerSource(siteUrl()));
  return opened;
}

async function ask(message, workers = [0]) {
  bench ??= await openBench();
  return bench.page.evaluate(async ({ message, workers }) => {
    const start = performance.now();
    const answers = await Promise.all(workers.map((idx) => globalThis.ask(idx, message)));
    return { ...answers[0], elapsed: (performance.now() - start) / 1e3 };
  }, { message, workers });
}

const pages = { hero, phase, dimensions, provisional };

const handlers = {
  async about() {
    ({ levels } = await ask({ op: "levels" }));
    return { versions: { chromium: browser.version(), node: process.versions.node }, levels, date: new Date().toISOString().slice(0, 10), cores: await bench.page.evaluate(() => navigator.hardwareConcurrency) };
  },
  async peak() {
    const modules = Object.fromEntries(levels.map((level) => [level, peakModule(level)]));
    return ask({ op: "peak", modules });
  },
  async page({ what }) {
    // Workers that wait cost nothing but memory, which the page under test may want.
    await bench?.close();
    bench = null;
    return pages[what]();
  },
};

async function answer(request) {
  if (handlers[request.op]) return handlers[request.op](request);
  if (request.who !== "two-workers") return ask(request);
  // The slower of the two counts: the page waits for both.
  const { elapsed, ...reply } = await ask({ ...request, who: levels.at(-1) }, [0, 1]);
  return request.op === "advance" ? { seconds: elapsed } : reply;
}

/** Seconds from navigation to the mark that the page sets at the first frame with all three shapes. */
async function hero() {
  const { page, close } = await openPage(siteUrl(), { browser });
  await page.waitForFunction(() => performance.getEntriesByName("hero-shapes").length > 0, null, { timeout: LIMIT_MS });
  const seconds = await page.evaluate(() => performance.getEntriesByName("hero-shapes")[0].startTime / 1000);
  await close();
  return { seconds };
}

/** Seconds from the click on Run to the last of the 64 × 64 cells, as one sees it. */
async function phase() {
  const { page, close } = await openPage(siteUrl(), { browser });
  await page.locator(PHASE).scrollIntoViewIfNeeded();
  await page.locator(`${PHASE} [data-action="run"]`).click();
  await page.waitForFunction(() => performance.getEntriesByName("phase-done").length > 0, null, { timeout: LIMIT_MS });
  const seconds = await page.evaluate(() => {
    const at = (name) => performance.getEntriesByName(name)[0].startTime;
    return (at("phase-done") - at("phase-run")) / 1000;
  });
  const memory = await memoryOfWorkers(page);
  await close();
  return { seconds, memory };
}

/**
 * The whole `dimensions`, alone on its page: seconds from navigation to its first picture, to one with every model in it, and to the
 * last step of the last.
 */
async function dimensions() {
  const { page, close } = await openPage(siteUrl("?v=1&figure=dimensions"), { browser });
  const first = await firstPicture(page);
  const all = await secondsUntil(page, async () => (await points(page)) === (await page.locator(DIMENSIONS).getAttribute("data-total")), 1000);
  const seconds = await secondsUntil(page, () => page.locator(DIMENSIONS).evaluate(({ dataset }) => dataset.phase === "done"), 250);
  const memory = await memoryOfWorkers(page);
  await close();
  return { seconds, first, all, memory };
}

/** Seconds from navigation, and from the moment that the figure is there, to its first picture; then the page is left. */
async function provisional() {
  const { page, close } = await openPage(siteUrl("?v=1&figure=dimensions"), { browser });
  const first = await firstPicture(page);
  await close();
  return first;
}

/** When the figure stood in the page, and when it had its first picture of values that still change. */
function firstPicture(page) {
  return page.waitForFunction((card) => {
    const element = document.querySelector(card);
    if (!element) return null;
    globalThis.figureSince ??= performance.now();
    if (element.querySelector(".waiting")?.hidden !== true) return null;
    const now = performance.now();
    return { navigation: now / 1000, figure: (now - globalThis.figureSince) / 1000 };
  }, DIMENSIONS, { polling: "raf", timeout: LIMIT_MS }).then((handle) => handle.jsonValue());
}

/** How many models the numbers behind the picture have; a text, as attributes are. */
function points(page) {
  return page.evaluate(async () => {
    const data = await document.querySelector('superposition-figure[figure="dimensions"]').data();
    return String(data?.instances.length ?? 0);
  });
}

/** Seconds since navigation when `isMet` first holds, asked every `interval` milliseconds. */
async function secondsUntil(page, isMet, interval) {
  while (!(await isMet())) await page.waitForTimeout(interval);
  return page.evaluate(() => performance.now() / 1000);
}

/** Bytes of the largest module among the page's workers. A module that is imported again is the one that is there. */
async function memoryOfWorkers(page) {
  const bytes = await Promise.all(page.workers().map((worker) => worker.evaluate(async (paths) => {
    const sizes = await Promise.all(paths.map(async (path) => {
      // One that this worker does not use has no instance, and would want to be told where its bytes are.
      const exports = await import(path).then((pkg) => pkg.default()).catch(() => null);
      return exports?.memory.buffer.byteLength ?? 0;
    }));
    return Math.max(...sizes);
  }, ["simd128", "relaxed"].map((folder) => siteUrl(`pkg/${folder}/superposition.js`)))));
  return Math.max(0, ...bytes);
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = await answer(JSON.parse(line));
  } catch (error) {
    reply = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await browser.close();
