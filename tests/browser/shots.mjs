// Photographs the page, and each live figure as it is in the end, at three widths in both themes, and lays the pictures out on
// sheets: one of the page and one a figure.
//
//   node tests/browser/shots.mjs FOLDER      (through `cargo xtask shots`, which says where page and browser are)
//
// Prints the paths of what it wrote, one a line. FIGURE=id,… in the environment takes those figures alone. A figure is trained
// once, and then seen at every width in both themes.

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { LIVE_IDS } from "../../www/figures/catalogue.js";
import { launchChromium, linkTo, openPage, siteUrl } from "./harness.mjs";

const SIZES = [
  { width: 390, height: 844, deviceScaleFactor: 2 },
  { width: 768, height: 1024, deviceScaleFactor: 1 },
  { width: 1440, height: 900, deviceScaleFactor: 1 },
];
const THEMES = ["light", "dark"];

/** How long the page may take to say that its figures have settled; then it is photographed as it is. */
const READY_LIMIT_MS = 15_000;
/** The same for one figure alone: the longest train for minutes. */
const FIGURE_LIMIT_MS = 900_000;

/** Sizes and themes are taken on within this. */
const SETTLE_MS = 300;

/** A picture of the whole page is some fifty thousand CSS pixels high. */
const SHOT_LIMIT_MS = 180_000;

/** The page's sheet shows each picture this wide, in CSS pixels: at 420 Chromium did not lay it out in three minutes. */
const THUMBNAIL_WIDTH = 160;

const folder = process.argv[2];
if (!folder) throw new Error("usage: node tests/browser/shots.mjs FOLDER");
const chosen = process.env.FIGURE?.split(",");

const browser = await launchChromium();
try {
  if (chosen === undefined) {
    const shots = [];
    for (const size of SIZES) {
      for (const colorScheme of THEMES) shots.push(await photograph(size, colorScheme));
    }
    console.log(await laySheet("sheet", shots.map((shot) => ({ ...shot, width: THUMBNAIL_WIDTH }))));
  }
  for (const id of chosen ?? ["intro", "phase-2-1", "phase-3-2", ...LIVE_IDS]) await photographFigure(id);
} finally {
  await browser.close();
}

/** Writes one full-page picture; says so on standard error if the page was not ready or had problems. */
async function photograph(size, colorScheme) {
  const name = `${size.width}-${colorScheme}.png`;
  const { page, problems, close } = await openPage(siteUrl(), { ...size, deviceScaleFactor: 1, colorScheme, browser });
  try {
    await seeAll(page);
    await orTell(name, page.waitForFunction(() => document.documentElement.dataset.ready === "true", null, { timeout: READY_LIMIT_MS }));
    const file = path.join(folder, name);
    await page.screenshot({ timeout: SHOT_LIMIT_MS, path: file, fullPage: true });
    tellProblems(name, problems);
    console.log(file);
    return { file, name };
  } finally {
    await close();
  }
}

/** Trains one figure in its place in the article, without the others, and writes its pictures and their sheet. */
async function photographFigure(id) {
  // With reduced motion a figure trains as fast as it goes.
  const { page, problems, close } = await openPage(siteUrl(linkTo(id, {})), { width: 1440, height: 900, deviceScaleFactor: 2, reducedMotion: "reduce", browser });
  try {
    await page.evaluate((id) => {
      for (const element of document.querySelectorAll("superposition-figure")) if (element.id !== id) element.closest("figure").remove();
    }, id);
    const place = page.locator(`figure:has(#${id})`);
    // Loaded, it takes the place of its still.
    await page.evaluate((id) => document.getElementById(id).scrollIntoView(), id);
    await page.waitForFunction((id) => document.getElementById(id).figure?.core, id);
    const card = place.locator(".card");
    await card.scrollIntoViewIfNeeded();
    if (id.startsWith("phase")) await card.getByRole("button", { name: "Run the grid" }).click();
    await orTell(id, page.waitForFunction((id) => {
      const { dataset } = document.querySelector(`#${id} > .card`);
      // It rests while it is not seen, and the page may have moved when the others went.
      if (dataset.phase === "paused") document.getElementById(id).scrollIntoView();
      return dataset.phase === "done" || dataset.phase === "failed" || (id === "intro" && dataset.playing === "false");
    }, id, { timeout: FIGURE_LIMIT_MS }));
    const shots = [];
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme });
      for (const { width, height } of SIZES) {
        // As high as the figure, so that all panels are drawn.
        await page.setViewportSize({ width, height });
        const box = await place.boundingBox();
        await page.setViewportSize({ width, height: Math.ceil(box.height) + height });
        await place.scrollIntoViewIfNeeded();
        await page.waitForTimeout(SETTLE_MS);
        await page.waitForFunction((id) => (document.getElementById(id).figure.views?.panels ?? []).every(({ isDirty }) => !isDirty), id);
        const name = `${id}-${width}-${colorScheme}`;
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (overflow > 0) console.error(`  ${name}: the page is ${overflow} px too wide`);
        const file = path.join(folder, `${name}.png`);
        await place.screenshot({ timeout: SHOT_LIMIT_MS, path: file });
        shots.push({ file, name, width: (await place.boundingBox()).width });
        console.log(file);
      }
    }
    tellProblems(id, problems);
    console.log(await laySheet(`sheet-${id}`, shots, SIZES.length));
  } finally {
    await close();
  }
}

async function orTell(name, promise) {
  await promise.catch(() => console.error(`  ${name}: not ready in time, photographed as it is`));
}

function tellProblems(name, problems) {
  for (const [kind, texts] of Object.entries(problems)) {
    for (const text of texts) console.error(`  ${name}: ${kind}: ${text}`);
  }
}

/** Scrolls to the end and back, so that what starts or is drawn when it is seen has been. */
async function seeAll(page) {
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {
      scrollTo({ top: y, behavior: "instant" });
      await frame();
    }
    scrollTo({ top: 0, behavior: "instant" });
    await frame();
  });
}

/** Puts pictures on one sheet, each under its name and as wide as it says, in CSS pixels. */
async function laySheet(title, shots, columns = shots.length) {
  const figures = await Promise.all(
    shots.map(async ({ file, name, width }) => {
      const data = (await readFile(file)).toString("base64");
      return `<figure style="width:${width}px"><figcaption>${name}</figcaption><img src="data:image/png;base64,${data}"></figure>`;
    }),
  );
  const width = shots.slice(0, columns).reduce((sum, shot) => sum + shot.width + 24, 24);
  const page = await browser.newPage({ viewport: { width: Math.ceil(width), height: 400 } });
  await page.setContent(`<!doctype html><style>
      body { margin: 24px; display: grid; grid-template-columns: repeat(${columns}, max-content); gap: 24px; align-items: start; background: #777; font: 16px sans-serif; }
      figure { margin: 0; }
      figcaption { color: #fff; margin-bottom: 6px; }
      img { width: 100%; display: block; }
    </style>${figures.join("")}`);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
  const file = path.join(folder, `${title}.png`);
  await writeFile(file, await page.screenshot({ timeout: SHOT_LIMIT_MS, fullPage: true }));
  await page.close();
  return file;
}
