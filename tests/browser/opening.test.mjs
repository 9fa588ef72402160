// What the page downloads before the reader scrolls: the opening figure's share, which has a goal of its own.

import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { assertNoProblems, launchChromium, openPage, siteUrl } from "./harness.mjs";

/** Bytes, compressed with brotli where the build has done so. */
const GOAL = 200_000;

const dist = process.env.SUPERPOSITION_DIST ?? "dist";
let browser;
before(async () => { browser = await launchChromium(); });
after(() => browser.close());

test("the opening figure reaches its shapes with a fraction of what all figures need", async (t) => {
  const asked = new Set();
  const prepare = (context) => context.on("request", (request) => asked.add(new URL(request.url()).pathname));
  const { page, problems, close } = await openPage(siteUrl(), { browser, prepare });
  await page.waitForFunction(() => performance.getEntriesByName("hero-shapes").length > 0, null, { timeout: 60_000 });
  const root = new URL(siteUrl()).pathname;
  const files = [...asked].map((path) => join(dist, path.slice(root.length) || "index.html")).filter((file) => existsSync(file));
  const size = files.map((file) => statSync(existsSync(`${file}.br`) ? `${file}.br` : file).size).reduce((sum, bytes) => sum + bytes, 0);
  t.diagnostic(`${files.length} files, ${size} bytes`);
  assert.ok(files.some((file) => file.endsWith("superposition_bg.wasm")), "the core was not asked for");
  assert.deepEqual(files.filter((file) => /gallery|figures\/(live|phase)/.test(file)), []);
  assert.ok(size <= GOAL, `${size} bytes, expected at most ${GOAL}`);
  assertNoProblems(problems);
  await close();
});
