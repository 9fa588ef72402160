// What the page downloads before the reader scrolls, which is the opening figure's share with a goal of its own, and scrolled to the end.

import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { assertNoProblems, launchChromium, openPage, siteUrl } from "./harness.mjs";

/** Bytes, compressed with brotli where the build has done so: for the opening figure, and scrolled to the end. */
const OPENING_GOAL = 200_000;
const SCROLLED_GOAL = 350_000;
/** What only a reader's click brings. */
const BY_CLICKING = /seldom\.wasm|embed\.js|files\.js|pytorch\.js/;

const dist = process.env.SUPERPOSITION_DIST ?? "dist";
let browser;
before(async () => { browser = await launchChromium(); });
after(() => browser.close());

/** Opens the page and gathers which files of dist/ it asks for. */
async function openCounted() {
  const asked = new Set();
  const prepare = (context) => context.on("request", (request) => asked.add(new URL(request.url()).pathname));
  const opened = await openPage(siteUrl(), { browser, prepare });
  const root = new URL(siteUrl()).pathname;
  const files = () => [...asked].map((path) => join(dist, path.slice(root.length) || "index.html")).filter((file) => existsSync(file));
  return { ...opened, files };
}

const sizeOf = (files) =>
  files.map((file) => statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size).reduce((sum, bytes) => sum + bytes, 0);

test("the opening figure reaches its shapes with a fraction of what all figures need", async (t) => {
  const { page, problems, close, files } = await openCounted();
  await page.waitForFunction(() => performance.getEntriesByName("hero-shapes").length > 0, null, { timeout: 60_000 });
  const size = sizeOf(files());
  t.diagnostic(`${files().length} files, ${size} bytes`);
  assert.ok(files().some((file) => file.endsWith("superposition_bg.wasm")), "the core was not asked for");
  assert.deepEqual(files().filter((file) => /gallery|later/.test(file) || BY_CLICKING.test(file)), []);
  assert.ok(size <= OPENING_GOAL, `${size} bytes, expected at most ${OPENING_GOAL}`);
  assertNoProblems(problems);
  await close();
});

test("the page itself names every script that it begins with, so that none waits for another, and no others", async () => {
  const { page, problems, close, files } = await openCounted();
  await page.waitForFunction(() => performance.getEntriesByName("hero-shapes").length > 0, null, { timeout: 60_000 });
  const scripts = files().filter((file) => /www\/[^/]+\.js$/.test(file)).map((file) => basename(file));
  const named = [...readFileSync(join(dist, "index.html"), "utf8").matchAll(/(?:href|src)="www\/([^"]+\.js)"/g)].map(([, name]) => name);
  assert.ok(named.length >= 3, `${named.length} scripts`);
  // The core starts the workers.
  assert.deepEqual(scripts.toSorted(), [...named, "worker.js"].toSorted());
  assertNoProblems(problems);
  await close();
});

test("scrolled to the end, every figure shows its first picture without what only clicks need", async (t) => {
  const { page, problems, close, files } = await openCounted();
  const ids = await page.$$eval("superposition-figure", (figures) => figures.map(({ id }) => id));
  assert.ok(ids.length > 20, `${ids.length} figures`);
  for (const id of ids) {
    await page.evaluate((id) => document.getElementById(id).scrollIntoView(), id);
    // A figure of many models says so until it has something to show.
    await page.waitForFunction((id) => {
      const { element } = document.getElementById(id).figure ?? {};
      return element && (element.querySelector(".waiting")?.hidden ?? true);
    }, id, { timeout: 120_000 });
  }
  const size = sizeOf(files());
  t.diagnostic(`${files().length} files, ${size} bytes`);
  assert.ok(files().some((file) => file.endsWith("gallery.wasm")), "the second part was not asked for");
  assert.deepEqual(files().filter((file) => BY_CLICKING.test(file)), []);
  assert.ok(size <= SCROLLED_GOAL, `${size} bytes, expected at most ${SCROLLED_GOAL}`);
  assertNoProblems(problems);
  await close();
});
