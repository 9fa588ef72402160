// The look, as far as it can be asserted: nothing sticks out or overlaps, texts have contrast, keys reach everything, and
// reduced motion is kept.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { assertNoProblems, launchChromium, linkTo, openPage, siteUrl } from "./harness.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const MIN_CONTRAST = 4.5;
/** Boxes are estimates of what was drawn, to a part of a pixel. */
const BOX_TOLERANCE = 0.5;
const SIZES = [{ width: 390, height: 844 }, { width: 768, height: 1024 }, { width: 1440, height: 900 }];
const PHASE = 'superposition-figure[figure="phase-2-1"]';
const INTRO = 'superposition-figure[figure="intro"]';
const FEW_CELLS = linkTo("phase-2-1", {
  sweep: [
    { field: "density", from: 1, to: 0.01, count: 8, scale: "log" },
    { field: "importance[1]", from: 0.1, to: 10, count: 8, scale: "log" },
  ],
});

let browser;
before(async () => { browser = await launchChromium(); });
after(() => browser.close());

for (const size of SIZES) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${size.width} px, ${colorScheme}: nothing sticks out, overlaps or is too faint`, async (t) => {
      const options = { ...size, colorScheme, browser, hasTouch: size.width < 500, prepare: withAxe };
      const { page, problems, close } = await openPage(siteUrl(FEW_CELLS), options);
      await page.waitForFunction(() => document.querySelector(".explorer")?.dataset.seed !== undefined);
      // The state with the most to show: both settings open, a diagram done and one of its cells chosen.
      for (const summary of await page.locator("details.settings > summary").all()) await summary.click();
      const figure = page.locator(PHASE);
      await figure.getByRole("button", { name: "Run the grid" }).click();
      await page.waitForFunction((phase) => document.querySelector(`${phase} > .card`).dataset.phase === "done", PHASE, { timeout: 30_000 });
      const experiment = figure.locator('canvas[data-diagram="experiment"]');
      await experiment.focus();
      await experiment.press("ArrowDown");
      await experiment.press("Enter");
      await page.waitForFunction((phase) => document.querySelector(`${phase} .cell-model`).dataset.seed !== undefined, PHASE);
      await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
      await page.waitForFunction(() => document.querySelector(".explorer").dataset.status === "done", null, { timeout: 30_000 });

      const widths = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, inner: innerWidth }));
      assert.ok(widths.scroll <= widths.inner, `the page is ${widths.scroll} px wide in a window of ${widths.inner}`);
      const outside = await page.evaluate(elementsOutside);
      assert.deepEqual(outside, []);

      const canvases = await page.evaluate(textsOnCanvases);
      assert.ok(canvases.length >= 7, `${canvases.length} canvases`);
      const nTexts = canvases.reduce((sum, { texts }) => sum + texts.length, 0);
      for (const canvas of canvases) assert.deepEqual(faultsOf(canvas), [], `on ${canvas.name}`);
      t.diagnostic(`${nTexts} texts on ${canvases.length} canvases`);
      assert.ok(nTexts >= 4 * 5 + 2 * 5, `only ${nTexts} texts were recorded`);

      assert.deepEqual(await violations(page), []);
      assertNoProblems(problems);
      await close();
    });
  }
}

test("without scripts the opening figure shows what becomes of its models, and every other one its still", async () => {
  const { page, close } = await openPage(siteUrl(), { browser, javaScriptEnabled: false });
  const hero = page.locator("#intro img");
  const seen = [];
  for (const image of await hero.all()) if (await image.isVisible()) seen.push((await image.getAttribute("src")).split("/").at(-1));
  assert.deepEqual(seen, ["end-0.svg", "end-1.svg", "end-2.svg"]);
  const figures = await page.locator("superposition-figure:not(#intro)").all();
  assert.ok(figures.length >= 23);
  for (const figure of figures) assert.equal(await figure.locator("img").first().isVisible(), true, await figure.getAttribute("figure"));
  await close();
});

test("the theme switch is stored, and reaches every canvas", async () => {
  const { page, problems, close } = await openPage(siteUrl(linkTo("intro", { steps: 0 })), { browser, colorScheme: "light" });
  await page.waitForFunction(() => document.querySelector(".explorer")?.dataset.status === "done");
  // The diagram works out its theory when it is seen, or a little later; a canvas that is still blank has no theme.
  await page.locator('superposition-figure[figure="phase-2-1"]').scrollIntoViewIfNeeded();
  const own = "#intro canvas, #phase-2-1 canvas";
  await page.waitForFunction((own) => document.querySelectorAll(own).length > 6 && [...document.querySelectorAll(own)].every((canvas) => canvas.offsetParent === null
    || canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0)), own);
  const looks = () => page.evaluate((own) => {
    const colors = [getComputedStyle(document.body).backgroundColor];
    for (const canvas of document.querySelectorAll(own)) {
      if (canvas.offsetParent === null) continue;
      const { width, height } = canvas;
      colors.push(canvas.getContext("2d").getImageData(0, 0, width, height).data.reduce((sum, value, idx) => (sum + value * (idx % 97)) % 1e9, 0));
    }
    return colors;
  }, own);
  const light = await looks();
  await page.getByLabel("Dark", { exact: true }).check();
  await page.waitForTimeout(300);
  const dark = await looks();
  assert.equal(dark.length, light.length);
  light.forEach((color, idx) => assert.notEqual(dark[idx], color, `picture ${idx} is the same in both themes`));
  await page.reload({ waitUntil: "load" });
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  assertNoProblems(problems);
  await close();
});

for (const [query, ready] of [["?v=1&figure=intro", ".chip"], [FEW_CELLS.replace("#", "?"), '[data-phase="idle"]'], ["?v=1&figure=playground", '[data-phase="done"]']]) {
  test(`keys reach every control of ${query.slice(0, 26)}, and the focus shows`, async () => {
    const { page, problems, close } = await openPage(siteUrl(query), { browser, width: 1000, height: 900, reducedMotion: "reduce" });
    await page.waitForSelector(ready, { timeout: 60_000 });
    const summaries = "details.settings:not([open]) > summary, details.more-fields > summary";
    for (const summary of await page.locator(summaries).all()) await summary.click();
    const expected = await page.evaluate(() => {
      document.activeElement?.blur();
      scrollTo({ top: 0, behavior: "instant" });
      const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
      const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")].filter(isShown)
        .filter((element) => !element.disabled && element.tabIndex >= 0 && (element.type !== "radio" || element.checked));
      all.forEach((element, idx) => { element.dataset.control = String(idx); });
      return all.map((element) => `${element.localName} ${element.textContent.trim().slice(0, 40) || element.id || element.dataset.diagram || element.className}`);
  });
  assert.ok(expected.length >= 10, `only ${expected.length} controls`);
  const reached = new Map();
  await page.evaluate(() => { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex"); });
  for (let press = 0; press < expected.length + 5; press += 1) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(focusNow);
    if (found !== null) reached.set(found.control, found);
  }
  const missing = expected.filter((_, idx) => !reached.has(idx));
  assert.deepEqual(missing, [], "controls that Tab does not reach");
  const unseen = [...reached.values()].filter(({ shows, isInView }) => !shows || !isInView)
    .map(({ control, shows }) => `${expected[control]}${shows ? " is out of view" : ""}`);
  assert.deepEqual(unseen, [], "controls whose focus does not show");

  assertNoProblems(problems);
  await close();
  });
}

test("a chart is as high as the heat map beside it, and no higher where it stands alone", async () => {
  const { page, problems, close } = await openPage(siteUrl(linkTo("local-bases", { steps: 60 })), { ...SIZES[2], browser });
  const heightsAre = (isChart) => page.waitForFunction((isChart) => {
    const height = (kind) => document.querySelector(`#local-bases .view[data-kind="${kind}"] canvas`)?.clientHeight ?? 0;
    const [map, chart] = [height("heatmap"), height("chart")];
    return map > 0 && chart > 0 && (isChart === "equal" ? map === chart : chart < map);
  }, isChart, { timeout: 30_000 });
  await heightsAre("equal");
  await page.setViewportSize(SIZES[0]);
  await heightsAre("lower");
  assertNoProblems(problems);
  await close();
});

test("pictures and menus answer to keys", async () => {
  const { page, problems, close } = await openPage(siteUrl("?v=1&figure=intro"), { browser, width: 1000, height: 900, reducedMotion: "reduce" });
  await page.waitForFunction(() => document.querySelectorAll(".chip").length === 5);
  // The pictures answer to keys too.
  const canvas = page.locator(`${INTRO} .explorer canvas`);
  await canvas.focus();
  await canvas.press("ArrowRight");
  await page.waitForFunction(() => /^feature 1: norm /.test(document.querySelector(".explorer .numbers").textContent));
  assert.equal(await page.locator(".chip").first().getAttribute("aria-pressed"), "true");
  await canvas.press("Escape");
  await page.waitForFunction(() => /^step /.test(document.querySelector(".explorer .numbers").textContent));
  // A menu opens by key, closes by Escape, and gives the focus back.
  const menu = page.locator(`${INTRO} details.menu > summary`);
  await menu.focus();
  await menu.press("Enter");
  await page.locator(`${INTRO} .menu-items button`).first().focus();
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Save…");
  assertNoProblems(problems);
  await close();
});

test("reduced motion shows results rather than the way there", async (t) => {
  const changes = {};
  for (const reducedMotion of ["reduce", "no-preference"]) {
    const { page, problems, close } = await openPage(siteUrl(linkTo("intro", { steps: 1e8 })), { browser, reducedMotion });
    await page.waitForFunction(() => Number(document.querySelector(".explorer")?.dataset.step) > 0);
    changes[reducedMotion] = await page.evaluate(async () => {
      let count = 0;
      new MutationObserver(() => { count += 1; }).observe(document.querySelector(".explorer"), { attributes: true, attributeFilter: ["data-step"] });
      await new Promise((resolve) => setTimeout(resolve, 3000));
      return count;
    });
    if (reducedMotion === "reduce") {
      const moving = await page.evaluate(() => ({
        animations: document.getAnimations().filter((each) => each.effect.getComputedTiming().duration > 1).length,
        scroll: getComputedStyle(document.documentElement).scrollBehavior,
      }));
      assert.deepEqual(moving, { animations: 0, scroll: "auto" });
    }
    assertNoProblems(problems);
    await close();
  }
  t.diagnostic(`pictures in 3 s: ${JSON.stringify(changes)}`);
  assert.ok(changes.reduce >= 1 && changes.reduce <= 7, `${changes.reduce} pictures in 3 s with reduced motion, expected 1 to 7`);
  assert.ok(changes["no-preference"] >= 15, `${changes["no-preference"]} pictures in 3 s, expected 15`);
});

/** Scripts may be put into the page at its start without asking its policy; later ones may not. */
async function withAxe(context) {
  await context.addInitScript({ path: AXE });
}

async function violations(page) {
  return page.evaluate(async (tags) => {
    const { violations } = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, any }) => `${id}: ${help}: ${target.join(" ")} ${any[0]?.message ?? ""}`));
  }, AXE_TAGS);
}

/** Runs in the page: visible elements that stick out of the window sideways, but for those in a box that scrolls. */
function elementsOutside() {
  const scrolls = (element) => {
    for (let each = element.parentElement; each !== null; each = each.parentElement) {
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(each).overflowX) && each !== document.documentElement) return true;
    }
    return false;
  };
  return [...document.body.querySelectorAll("*")]
    .filter((element) => element.checkVisibility() && !element.closest(".visually-hidden, .skip") && !scrolls(element))
    .filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && (left < -0.5 || right > innerWidth + 0.5);
    })
    .map((element) => `${element.localName}.${element.className} ${element.textContent.slice(0, 30)}`);
}

/** Runs in the page: the texts that the core says it drew, by canvas. */
async function textsOnCanvases() {
  const { textBoxesOf } = await import(new URL("www/superposition-figure.js", document.baseURI).href);
  return [...document.querySelectorAll("canvas")].filter((canvas) => canvas.checkVisibility()).map((canvas) => ({
    name: canvas.dataset.diagram ?? canvas.closest(".panel, .view").querySelector("h3").textContent,
    width: canvas.clientWidth,
    height: canvas.clientHeight,
    texts: textBoxesOf(canvas),
  }));
}

/** What is wrong with the texts of a canvas: clipped, overlapping, too faint. */
function faultsOf({ width, height, texts }) {
  const faults = [];
  texts.forEach((box, idx) => {
    const place = `"${box.text}" at ${box.x.toFixed(1)}, ${box.y.toFixed(1)}, ${box.width.toFixed(1)} × ${box.height.toFixed(1)}`;
    const isInside = box.x >= -BOX_TOLERANCE && box.y >= -BOX_TOLERANCE &&
      box.x + box.width <= width + BOX_TOLERANCE && box.y + box.height <= height + BOX_TOLERANCE;
    if (!isInside) faults.push(`${place} is clipped by ${width} × ${height}`);
    for (const other of texts.slice(idx + 1)) {
      const overlap = (at, size) => Math.min(box[at] + box[size], other[at] + other[size]) - Math.max(box[at], other[at]);
      if (overlap("x", "width") > BOX_TOLERANCE && overlap("y", "height") > BOX_TOLERANCE) faults.push(`${place} overlaps "${other.text}"`);
    }
    const contrast = contrastOf(box.color, box.background);
    if (!(contrast >= MIN_CONTRAST)) faults.push(`${place} has a contrast of ${contrast.toFixed(2)}: ${box.color} on ${box.background}`);
  });
  return faults;
}

/** Contrast by WCAG 2.2 of two colours as `#rrggbb` or `rgb(r, g, b)`. */
function contrastOf(one, other) {
  const luminance = (color) => {
    const parts = color.startsWith("#") ? color.match(/[\da-f]{2}/gi).map((hex) => parseInt(hex, 16)) : color.match(/[\d.]+/g).map(Number);
    const [r, g, b] = parts.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** Runs in the page: which control has the focus, and whether that can be seen. */
async function focusNow() {
  // The browser scrolls to the focus with the next frame.
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const element = document.activeElement;
  if (element?.dataset.control === undefined) return null;
  // An input that is hidden for its label's sake shows its focus there.
  const shows = [element, element.nextElementSibling, element.closest("label")].some((each) => {
    if (!each) return false;
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(each);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 1 && !/, 0\)$/.test(outlineColor);
  });
  const { top, bottom } = element.getBoundingClientRect();
  return { control: Number(element.dataset.control), shows, isInView: bottom > 0 && top < innerHeight };
}
