// Figures in a page of somebody else: from another port, under that page's own strict policy, by the script tag and by the iframe.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { DIST } from "../js/core.mjs";
import { embedCode, embedPolicy } from "../../www/embed.js";
import { launchChromium, openPage } from "./harness.mjs";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml", ".json": "application/json", ".woff2": "font/woff2" };
/** What the page's own Copy link and Embed give. */
const PENTAGON = `#v=1&figure=intro&spec=${encodeURIComponent(JSON.stringify({ density: 0.07, restarts: { count: 8, keep: "best" }, seed: Date.now() % 1e5 }))}`;
const CORRELATED = `#v=1&figure=correlated&spec=${encodeURIComponent(JSON.stringify({ sweep: [{ field: "seed", values: [Date.now() % 1e5] }] }))}&hide=settings,tools`;

let browser;
let ours;
let theirs;
let address;

before(async () => {
  browser = await launchChromium();
  // Our host sends the header that module scripts of other sites need.
  ours = await listen(async (request, response) => {
    const name = new URL(request.url, "http://x").pathname.replace(/\/$/, "/index.html");
    const content = await readFile(path.join(DIST, name)).catch(() => null);
    response.writeHead(content === null ? 404 : 200, { "content-type": TYPES[path.extname(name)] ?? "text/plain", "access-control-allow-origin": "*" });
    response.end(content);
  });
  address = `http://127.0.0.1:${ours.address().port}/`;
  theirs = await listen((request, response) => {
    const link = decodeURIComponent(new URL(request.url, "http://x").searchParams.get("link") ?? "");
    const { iframe, script } = embedCode(link, "A figure", address);
    const isFrame = request.url.startsWith("/frame");
    const policy = isFrame ? `default-src 'none'; frame-src ${new URL(address).origin}; img-src data:` : `default-src 'none'; ${embedPolicy(address)}`;
    response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy });
    response.end(`<!doctype html><link rel=icon href=data:,><title>A post</title><p>Text of their own.</p>${isFrame ? iframe : script}`);
  });
});
after(() => Promise.all([browser.close(), ours.close(), theirs.close()]));

const post = (kind, link) => `http://127.0.0.1:${theirs.address().port}/${kind}?link=${encodeURIComponent(encodeURIComponent(link))}`;

for (const kind of ["script", "frame"]) {
  test(`the ${kind} trains a pentagon in somebody else's page`, async () => {
    const { page, problems, close } = await openPage(post(kind, PENTAGON), { browser, width: 900, height: 1400 });
    const place = kind === "frame" ? page.frames()[1] : page;
    await place.waitForFunction(() => document.querySelector(".panel.explorer")?.dataset.solution === "pentagon", null, { timeout: 60_000 });
    assertSound(problems);
    await close();
  });

  test(`the ${kind} shows a figure of the gallery, without what was switched off`, async () => {
    const { page, problems, close } = await openPage(post(kind, CORRELATED), { browser, width: 900, height: 1400 });
    const place = kind === "frame" ? page.frames()[1] : page;
    await place.waitForFunction(() => document.querySelector("superposition-figure > .card")?.dataset.phase === "done", null, { timeout: 60_000 });
    assert.equal(await place.locator(".settings").isVisible(), false);
    assert.equal(await place.locator(".tools").isVisible(), false);
    assert.equal(await place.locator(".view canvas").first().isVisible(), true);
    assertSound(problems);
    await close();
  });
}

/** Nothing went wrong; what is asked of our own host is no foreign request. */
function assertSound({ foreignRequests, ...problems }) {
  assert.deepEqual(problems, { consoleErrors: [], pageErrors: [], policyReports: [] });
  assert.deepEqual(foreignRequests.filter((url) => !url.startsWith(address)), []);
}

async function listen(answer) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
