// The page at its limits: links beyond the sliders, browsers that cannot train, embeds; and what axe has to say.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { assertNoProblems, openPage, siteUrl } from "./harness.mjs";

const linkOf = (figure, spec) => `#v=1&figure=${figure}&spec=${encodeURIComponent(JSON.stringify(spec))}`;

/** Waits until the explorer's run has ended; gives its data attributes. */
async function ended(page) {
  const explorer = page.locator("#intro .explorer");
  await page.waitForFunction(() => ["done", "converged"].includes(document.querySelector("#intro .explorer").dataset.status), null, { timeout: 60_000 });
  return explorer.evaluate((element) => ({ ...element.dataset }));
}

/** What is told at the opening figure; null where nothing is. */
const message = (page) =>
  page.locator("#intro [role=alert]").evaluate((element) => (element.checkVisibility() ? element.textContent : null));

test("a link beyond the sliders is run and shown", async () => {
  const spec = { features: 8, hidden: 3, density: 0.001, batch: 64, steps: 300, restarts: { count: 2, keep: "best" } };
  const { page, problems, close } = await openPage(siteUrl(linkOf("intro", spec)));
  try {
    assert.equal((await ended(page)).step, "300");
    assert.equal(await message(page), null);
    assertNoProblems(problems);
  } finally {
    await close();
  }
});

test("a browser without SIMD gets a message and the still pictures", async () => {
  const prepare = (context) => context.addInitScript(() => { WebAssembly.validate = () => false; });
  const { page, problems, close } = await openPage(siteUrl(), { prepare });
  try {
    await page.waitForFunction(() => document.querySelector("#intro [role=alert]")?.checkVisibility());
    assert.match(await message(page), /no WebAssembly SIMD/);
    const pictures = await page.$$eval("#intro .panels img", (images) => images.map((image) => image.complete && image.naturalWidth > 0));
    assert.deepEqual(pictures, [true, true, true]);
    assertNoProblems(problems);
  } finally {
    await close();
  }
});

test("a query shows its figure alone", async () => {
  const { page, problems, close } = await openPage(siteUrl("?v=1&figure=phase-2-1&hide=settings"));
  try {
    await page.waitForFunction(() => document.documentElement.dataset.ready === "true");
    assert.equal(await page.locator("superposition-figure").count(), 1);
    assert.equal(await page.locator("h1").isVisible(), false);
    await page.locator("#phase-2-1 .settings").waitFor({ state: "hidden" });
    assertNoProblems(problems);
  } finally {
    await close();
  }
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing to mend: ${colorScheme}`, async () => {
    const { page, problems, close } = await openPage(siteUrl(), { width: 390, height: 844, colorScheme });
    try {
      await ended(page);
      for (const figure of ["intro", "basic-small", "phase-2-1"]) {
        // A figure is loaded when it comes near the view.
        await page.locator(`#${figure}`).scrollIntoViewIfNeeded();
        await page.locator(`#${figure} .settings > summary`).click();
      }
      await assertAccessible(page);
      assertNoProblems(problems);
    } finally {
      await close();
    }
  });
}

/** No violation that axe can see, contrast of the page's texts included. */
async function assertAccessible(page) {
  const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  await page.evaluate(readFileSync(axe, "utf8"));
  const violations = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] });
    return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
  });
  assert.deepEqual(violations, []);
}
