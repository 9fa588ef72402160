// Photographs the page at three widths in both themes, and lays the pictures out on one sheet.
//
//   node tests/browser/shots.mjs FOLDER      (through `cargo xtask shots`, which says where page and browser are)
//
// Prints the paths of what it wrote, one a line.

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { launchChromium, openPage, siteUrl } from "./harness.mjs";

const SIZES = [
  { width: 390, height: 844, deviceScaleFactor: 2 },
  { width: 768, height: 1024, deviceScaleFactor: 1 },
  { width: 1440, height: 900, deviceScaleFactor: 1 },
];
const THEMES = ["light", "dark"];

/** How long the page may take to say that its figures have settled; then it is photographed as it is. */
const READY_LIMIT_MS = 15_000;

/** The sheet shows each picture this wide, in CSS pixels. */
const THUMBNAIL_WIDTH = 420;

const folder = process.argv[2];
if (!folder) throw new Error("usage: node tests/browser/shots.mjs FOLDER");

const browser = await launchChromium();
try {
  const shots = [];
  for (const size of SIZES) {
    for (const colorScheme of THEMES) {
      shots.push(await photograph(size, colorScheme));
    }
  }
  console.log(await laySheet(shots));
} finally {
  await browser.close();
}

/** Writes one full-page picture; says so on standard error if the page was not ready or had problems. */
async function photograph(size, colorScheme) {
  const name = `${size.width}-${colorScheme}.png`;
  const { page, problems, close } = await openPage(siteUrl(), { ...size, colorScheme, browser });
  try {
    await seeAll(page);
    const isReady = await page
      .waitForFunction(() => document.documentElement.dataset.ready === "true", null, { timeout: READY_LIMIT_MS })
      .then(() => true, () => false);
    if (!isReady) console.error(`  ${name}: the page was not ready after ${READY_LIMIT_MS / 1000} s`);
    const file = path.join(folder, name);
    await page.screenshot({ path: file, fullPage: true });
    for (const [kind, texts] of Object.entries(problems)) {
      for (const text of texts) console.error(`  ${name}: ${kind}: ${text}`);
    }
    console.log(file);
    return { file, name };
  } finally {
    await close();
  }
}

/** Scrolls to the end and back, so that figures that start when they are seen have started. */
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

/** Puts all pictures side by side on one, each under its name. */
async function laySheet(shots) {
  const figures = await Promise.all(
    shots.map(async ({ file, name }) => {
      const data = (await readFile(file)).toString("base64");
      return `<figure><figcaption>${name}</figcaption><img src="data:image/png;base64,${data}"></figure>`;
    }),
  );
  const width = shots.length * (THUMBNAIL_WIDTH + 24) + 24;
  const page = await browser.newPage({ viewport: { width, height: 400 } });
  await page.setContent(`<!doctype html><style>
      body { margin: 24px; display: flex; gap: 24px; align-items: start; background: #777; font: 16px sans-serif; }
      figure { margin: 0; width: ${THUMBNAIL_WIDTH}px; }
      figcaption { color: #fff; margin-bottom: 6px; }
      img { width: 100%; display: block; }
    </style>${figures.join("")}`);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
  const file = path.join(folder, "sheet.png");
  await writeFile(file, await page.screenshot({ fullPage: true }));
  return file;
}
