// How the whole page behaves under load: a reader scrolls from figure to figure and stays at each for a while. Prints one JSON line:
// what the renderer holds after each, in MB, and the tasks of the main thread that took longer than 50 ms.
//
//   node tests/browser/load.mjs [seconds at each figure] [figure …]
//
// Wants Linux (/proc), a quiet machine, and what harness.mjs asks for: SUPERPOSITION_URL and CHROME_PATH.

import { readFile } from "node:fs/promises";
import { launchChromium, openPage, siteUrl } from "./harness.mjs";

const [seconds = "14", ...only] = process.argv.slice(2);
const MB = 1e6;

/** What a process holds: its share of all its pages, and what is its alone and in memory only, which the browser's task manager calls its footprint. */
async function held(pid) {
  const kb = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)[1]);
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return { pss: (kb(rollup, "Pss") * 1024) / MB, footprint: (kb(status, "RssAnon") * 1024) / MB };
}

const browser = await launchChromium();
const prepare = (context) => context.addInitScript(() => {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    globalThis.longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration)));
  }).observe({ type: "longtask", buffered: true });
});
const { page, problems, close } = await openPage(siteUrl(), { browser, prepare, width: 1440, height: 900 });
const session = await browser.newBrowserCDPSession();
const renderer = async () => {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const sizes = await Promise.all(processInfo.filter(({ type }) => type === "renderer").map(async ({ id }) => ({ id, ...(await held(id)) })));
  return sizes.sort((a, b) => b.pss - a.pss)[0];
};

let peak = { pss: 0, footprint: 0 };
const visits = [];
const ids = await page.$$eval("superposition-figure", (all) => all.map((one) => one.getAttribute("figure")));
for (const id of ids.filter((one) => only.length === 0 || only.includes(one))) {
  await page.evaluate((figure) => {
    globalThis.longTasks.length = 0;
    document.querySelector(`superposition-figure[figure="${figure}"]`).scrollIntoView({ behavior: "smooth", block: "center" });
  }, id);
  for (let second = 0; second < Number(seconds); second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = await renderer();
    peak = { pss: Math.max(peak.pss, now.pss), footprint: Math.max(peak.footprint, now.footprint) };
  }
  const { pss, footprint } = await renderer();
  const tasks = await page.evaluate(() => globalThis.longTasks);
  visits.push({ id, pss: Math.round(pss), footprint: Math.round(footprint), tasks });
  console.error(`${id.padEnd(16)} ${pss.toFixed(0)} MB, alone ${footprint.toFixed(0)}; tasks over 50 ms: ${tasks.join(" ") || "none"}`);
}
const { pss, footprint } = await renderer();
console.log(JSON.stringify({ end: { pss: Math.round(pss), footprint: Math.round(footprint) }, peak: { pss: Math.round(peak.pss), footprint: Math.round(peak.footprint) }, visits, problems }));
await close();
await browser.close();
