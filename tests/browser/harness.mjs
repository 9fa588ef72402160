// Starts browsers and opens pages in them, for the tests, the timings and the screenshots.
//
// `cargo xtask` says where things are: SUPERPOSITION_URL (the served page, ending in /), CHROME_PATH. To run one test by
// hand, start `cargo xtask serve` and give its address.
//
//   const { page, problems, close } = await openPage(siteUrl());
//   …
//   assertNoProblems(problems);
//   await close();

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

/** What Chromium is told, so that it neither phones home nor wants a graphics card. */
const CHROMIUM_FLAGS = [
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

/**
 * The address of `path` on the served site.
 *
 * @param {string} [path] relative to index.html, with query and hash
 * @returns {string}
 */
export function siteUrl(path = "") {
  return new URL(path, fromEnvironment("SUPERPOSITION_URL")).href;
}

/**
 * Starts a headless Chromium.
 *
 * @param {string[]} [flags] beside the usual ones
 * @returns {Promise<import("playwright-core").Browser>}
 */
export function launchChromium(flags = []) {
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: fromEnvironment("CHROME_PATH"),
    headless: true,
    // Chromium's sandbox refuses to work for root, and for root only we go without.
    chromiumSandbox: !isRoot,
    args: [...CHROMIUM_FLAGS, ...flags],
  });
}

/** @typedef {object} Problems what a sound page has none of
 * @property {string[]} consoleErrors messages of `console.error`, the browser's own included
 * @property {string[]} pageErrors uncaught errors of the page
 * @property {string[]} policyReports violations of the content security policy
 * @property {string[]} foreignRequests addresses outside the page's origin that were asked for
 */

/** @typedef {object} Options
 * @property {number} [width] CSS pixels
 * @property {number} [height] CSS pixels
 * @property {number} [deviceScaleFactor]
 * @property {"light" | "dark"} [colorScheme]
 * @property {"reduce" | "no-preference"} [reducedMotion]
 * @property {boolean} [hasTouch]
 * @property {import("playwright-core").Browser} [browser] else one that all such pages of this process share
 * @property {(context: import("playwright-core").BrowserContext) => Promise<void>} [prepare] runs before the page loads
 */

let sharedBrowser = null;
let nSharedPages = 0;

/**
 * Opens `url` in a fresh profile and waits for its `load` event. Everything that goes wrong in it from the first byte on is
 * collected in `problems`, workers included.
 *
 * @param {string} url
 * @param {Options} [options]
 * @returns {Promise<{page: import("playwright-core").Page, context: import("playwright-core").BrowserContext,
 *   problems: Problems, close: () => Promise<void>}>}
 */
export async function openPage(url, options = {}) {
  const { width = 1280, height = 800, browser, prepare, ...rest } = options;
  const isShared = browser === undefined;
  if (isShared) {
    nSharedPages += 1;
    sharedBrowser ??= launchChromium();
  }
  let context;
  const close = async () => {
    await context?.close();
    if (isShared && --nSharedPages === 0) {
      const closing = sharedBrowser;
      sharedBrowser = null;
      await (await closing).close();
    }
  };
  try {
    const host = isShared ? await sharedBrowser : browser;
    context = await host.newContext({ viewport: { width, height }, ...rest });
    await prepare?.(context);
    const page = await context.newPage();
    const problems = await collectProblems(page, context, new URL(url).origin);
    await page.goto(url, { waitUntil: "load" });
    return { page, context, problems, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Lets the page import single modules of www/ as they are in the repository: in dist/ they are parts of larger files. A module that keeps
 * something is then another one than the page's own.
 *
 * @param {import("playwright-core").BrowserContext} context
 * @returns {Promise<string>} where they are, ending in /
 */
export async function serveSources(context) {
  const folder = siteUrl("source/");
  await context.route(`${folder}*.js`, (route) => {
    const file = new URL(`../../www/${route.request().url().slice(folder.length)}`, import.meta.url);
    return route.fulfill({ path: fileURLToPath(file), contentType: "text/javascript" });
  });
  return folder;
}

/**
 * Fails if anything went wrong in the page.
 *
 * @param {Problems} problems as `openPage` returned them
 */
export function assertNoProblems(problems) {
  assert.deepEqual(problems, noProblems());
}

/**
 * The hash of a figure with changed fields of its spec, as the page writes it.
 *
 * @param {string} figure
 * @param {object} spec
 * @returns {string}
 */
export function linkTo(figure, spec) {
  return `#v=1&figure=${figure}&spec=${encodeURIComponent(JSON.stringify(spec))}`;
}

/**
 * Numbers that differ from run to run, so that a test cannot live on one lucky seed. What was drawn is printed; SEED=… in
 * the environment repeats a run.
 *
 * @param {import("node:test").TestContext} t
 * @returns {() => number} integers below 2³²
 */
export function testNumbers(t) {
  const seed = process.env.SEED === undefined ? Math.floor(Math.random() * 1e9) : Number(process.env.SEED);
  t.diagnostic(`SEED=${seed} repeats this test`);
  let state = seed >>> 0;
  // Mulberry32: small, and even enough for choosing seeds and cells.
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/**
 * What an entry of a figure's Save… menu hands to the reader.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} figure
 * @param {string} label of the entry
 * @returns {Promise<string>}
 */
export async function savedText(page, figure, label) {
  const menu = page.locator(`superposition-figure[figure="${figure}"] details.menu`);
  const download = page.waitForEvent("download");
  await menu.locator("summary").click();
  await menu.getByRole("button", { name: label }).click();
  return readFile(await (await download).path(), "utf8");
}

/** @returns {Problems} */
function noProblems() {
  return { consoleErrors: [], pageErrors: [], policyReports: [], foreignRequests: [] };
}

/** @returns {Promise<Problems>} */
async function collectProblems(page, context, origin) {
  const problems = noProblems();
  page.on("console", (message) => {
    if (message.type() === "error") problems.consoleErrors.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => problems.pageErrors.push(error.stack ?? String(error)));
  page.on("crash", () => problems.pageErrors.push("the page crashed"));
  context.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    // These two stay in the browser.
    if (protocol !== "blob:" && protocol !== "data:" && asked !== origin) problems.foreignRequests.push(request.url());
  });
  await page.exposeBinding("reportPolicyViolation", (_source, text) => problems.policyReports.push(text));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      const place = `${event.sourceFile}:${event.lineNumber}`;
      globalThis.reportPolicyViolation(`${event.effectiveDirective} blocked ${event.blockedURI} (${place})`);
    });
  });
  return problems;
}

function fromEnvironment(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this through cargo xtask, or set it by hand`);
  return value;
}
