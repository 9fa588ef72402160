// What readers should never notice: workers that die, a line that breaks, a main thread that is busy.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertNoProblems, launchChromium, linkTo, openPage, savedText, siteUrl, testNumbers } from "./harness.mjs";

const EXPLORER = 'superposition-figure[figure="intro"] .panel.explorer';
const PHASE = 'superposition-figure[figure="phase-2-1"]';
const INSTANCES = "Specs and weights (JSON lines)";
/** The watchdog gives a silent worker six seconds; then its job has to be done again. */
const REVIVAL_LIMIT_MS = 60_000;
/** The aim is 50 ms on a quiet machine, and what was measured is printed; this is for a machine that others use, too. */
const LONG_TASK_LIMIT_MS = 1000;

let browser;
before(async () => { browser = await launchChromium(); });
after(() => browser.close());

test("a worker that dies in the middle of training is replaced, and the result has the same bits", async (t) => {
  const hash = linkTo("intro", { seed: testNumbers(t)(), steps: 20_000 });
  const undisturbed = await resultOf(hash, async () => {});
  await t.test("it ends without a word", async (t) => {
    const disturbed = await resultOf(hash, async (page) => {
      const [victim] = page.workers();
      await endSilently(victim);
      t.diagnostic("one of the workers was closed");
    });
    assert.equal(disturbed.nWorkers, undisturbed.nWorkers + 1);
    assert.equal(disturbed.text, undisturbed.text);
  });
  await t.test("its instance panics", async () => {
    // A wasm trap in a slice ends the worker as a panic does: it says `fatal`.
    const disturbed = await resultOf(hash, async (page) => {
      await page.workers()[0].evaluate(() => {
        performance.now = () => {
          delete performance.now;
          throw new WebAssembly.RuntimeError("unreachable");
        };
      });
    });
    assert.equal(disturbed.nWorkers, undisturbed.nWorkers + 1);
    assert.equal(disturbed.text, undisturbed.text);
  });
});

test("a worker that dies in the middle of the diagram loses no cell", async (t) => {
  const seed = testNumbers(t)();
  const tables = [];
  for (const isDisturbed of [false, true]) {
    const { page, problems, close } = await openPage(siteUrl(linkTo("phase-2-1", { seed, sweep: axes(48) })), { browser });
    await page.waitForFunction((phase) => document.querySelector(`${phase} > .card`)?.dataset.phase === "idle", PHASE);
    await page.locator(PHASE).getByRole("button", { name: "Run the grid" }).click();
    if (isDisturbed) {
      await page.waitForFunction((phase) => Number(document.querySelector(`${phase} > .card`).dataset.done) > 50, PHASE);
      await endSilently(page.workers()[0]);
    }
    await page.waitForFunction(
      (phase) => document.querySelector(`${phase} > .card`).dataset.phase === "done",
      PHASE,
      { timeout: REVIVAL_LIMIT_MS },
    );
    tables.push(await savedText(page, "phase-2-1", "Cells (CSV)"));
    assertNoProblems(problems);
    await close();
  }
  assert.equal(tables[0].trimEnd().split("\n").length, 1 + 48 * 48);
  assert.equal(tables[1], tables[0]);
});

test("without a line the page goes on training", async (t) => {
  const seed = testNumbers(t)();
  const { page, context, problems, close } = await openPage(siteUrl(linkTo("intro", { seed, steps: 1e8 })), { browser });
  await page.waitForFunction((explorer) => Number(document.querySelector(explorer)?.dataset.step) > 0, EXPLORER);
  await context.setOffline(true);
  assert.equal(await page.evaluate(() => navigator.onLine), false);
  await page.locator('superposition-figure[figure="intro"]').getByRole("button", { name: "New seed" }).click();
  await page.waitForFunction(
    ({ explorer, seed }) => {
      const { dataset } = document.querySelector(explorer);
      return dataset.seed !== String(seed) && Number(dataset.step) > 1000;
    },
    { explorer: EXPLORER, seed },
    { timeout: 30_000 },
  );
  // Chromium asks for the icon again when the address changes; nothing that the page does.
  problems.consoleErrors = problems.consoleErrors.filter((text) => !text.includes("/www/favicon.svg"));
  assertNoProblems(problems);
  await close();
});

test("the page's thread stays free", async (t) => {
  const { page, problems, close } = await openPage(siteUrl(linkTo("intro", { steps: 1e8 })), { browser });
  await page.waitForFunction((explorer) => Number(document.querySelector(explorer)?.dataset.step) > 500, EXPLORER);
  const hero = await longTasks(page, () => page.waitForTimeout(4000));
  const gallery = await longTasks(page, async () => {
    // Fourteen heat maps, drawn again and again while they train.
    await page.locator("#basic-large").scrollIntoViewIfNeeded();
    await page.waitForTimeout(6000);
  });
  const large = await longTasks(page, async () => {
    // Seven stacks of four thousand rectangles and a network of eight thousand lines. It is far down: what comes between has to get its size first.
    const hasBegun = (element) => Number(element.querySelector(".card")?.dataset.steps) > 0;
    const figure = page.locator('superposition-figure[figure="absolute-large"]');
    await expectSoon(async () => {
      await figure.scrollIntoViewIfNeeded();
      return figure.evaluate(hasBegun);
    });
    await page.waitForTimeout(6000);
  });
  await page.locator(PHASE).scrollIntoViewIfNeeded();
  await page.locator(PHASE).getByRole("button", { name: "Run the grid" }).scrollIntoViewIfNeeded();
  const diagram = await longTasks(page, async () => {
    await page.locator(PHASE).getByRole("button", { name: "Run the grid" }).click();
    await page.waitForTimeout(4000);
  });
  for (const [name, tasks] of Object.entries({ hero, gallery, large, diagram })) {
    t.diagnostic(`${name}: tasks above 50 ms in 4 to 10 s: ${tasks.map((ms) => `${ms} ms`).join(", ") || "none"}`);
    assert.ok(tasks.every((ms) => ms < LONG_TASK_LIMIT_MS), `${name}: ${tasks.join(", ")} ms, expected below ${LONG_TASK_LIMIT_MS}`);
  }
  // The observer itself works.
  const [own] = await longTasks(page, () => page.evaluate(() => new Promise((resolve) => setTimeout(() => {
    const end = performance.now() + 120;
    while (performance.now() < end);
    setTimeout(resolve, 100);
  }))));
  assert.ok(own >= 100, `a task of 120 ms was seen as ${own} ms`);
  assertNoProblems(problems);
  await close();
});

/** Trains a link to its end, with something done to the page on the way; what the Save… menu then writes. */
async function resultOf(hash, disturb) {
  const { page, problems, close } = await openPage(siteUrl(), {
    browser,
    prepare: (context) => context.addInitScript(countWorkers),
  });
  await page.evaluate((hash) => { location.hash = hash; }, hash);
  await page.waitForFunction((explorer) => {
    const { step, status } = document.querySelector(explorer)?.dataset ?? {};
    return status === "running" && Number(step) > 500;
  }, EXPLORER);
  await disturb(page);
  await page.waitForFunction(
    () => [...document.querySelectorAll('superposition-figure[figure="intro"] .panel')].every(({ dataset }) => dataset.status === "done" && dataset.step === "20000"),
    null,
    { timeout: REVIVAL_LIMIT_MS },
  );
  const text = await savedText(page, "intro", INSTANCES);
  const nWorkers = await page.evaluate(() => globalThis.nWorkersStarted);
  assertNoProblems(problems);
  await close();
  return { text, nWorkers };
}

/** Runs in the page before all scripts: counts the workers that it starts. */
function countWorkers() {
  globalThis.nWorkersStarted = 0;
  globalThis.Worker = class extends Worker {
    constructor(...values) {
      super(...values);
      globalThis.nWorkersStarted += 1;
    }
  };
}

/** Ends a worker from inside: no event tells the page. */
async function endSilently(worker) {
  await worker.evaluate(() => { setTimeout(() => globalThis.close()); });
}

/** Tries again until it holds. */
async function expectSoon(holds) {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.fail("it never came");
}

/** The lengths of the tasks above 50 ms while something is done. */
async function longTasks(page, during) {
  await page.evaluate(() => {
    const lengths = [];
    const observer = new PerformanceObserver((list) => lengths.push(...list.getEntries().map(({ duration }) => Math.round(duration))));
    observer.observe({ type: "longtask" });
    globalThis.stopLongTasks = () => {
      lengths.push(...observer.takeRecords().map(({ duration }) => Math.round(duration)));
      observer.disconnect();
      return lengths;
    };
  });
  await during();
  return page.evaluate(() => globalThis.stopLongTasks());
}

function axes(size) {
  return [
    { field: "density", from: 1, to: 0.01, count: size, scale: "log" },
    { field: "importance[1]", from: 0.1, to: 10, count: size, scale: "log" },
  ];
}
