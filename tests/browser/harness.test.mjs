// The harness sees what it promises to see: a page with every kind of problem, and one with none.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { assertNoProblems, openPage } from "./harness.mjs";

const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; img-src 'self' blob: data:";
const FILES = {
  "/sound.html": "<!doctype html><link rel=icon href=data:,><p>sound</p>",
  "/broken.html": "<!doctype html><link rel=icon href=data:,><p style='color: red'>inline</p><script type=module src=broken.js></script>",
  "/broken.js": `
    console.error("told on the page");
    new Worker("worker.js");
    fetch("http://127.0.0.1:9/elsewhere").catch(() => {});
    setTimeout(() => { throw new Error("nobody caught this"); });`,
  "/worker.js": `
    console.error("told in a worker");
    fetch("http://127.0.0.2:9/from-a-worker").catch(() => {});`,
};

let server;
let origin;

before(async () => {
  server = createServer(({ url }, response) => {
    const type = url.endsWith(".js") ? "text/javascript" : "text/html";
    // Without connect-src the requests really leave, and the harness must see them; the style is blocked.
    response.writeHead(url in FILES ? 200 : 404, {
      "content-type": type,
      "content-security-policy": `${POLICY}; connect-src *`,
    });
    response.end(FILES[url]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
});

after(() => server.close());

test("a sound page has no problems", async () => {
  const { page, problems, close } = await openPage(`${origin}/sound.html`, { width: 390, height: 700, colorScheme: "dark" });
  assert.equal(await page.evaluate(() => innerWidth), 390);
  assert.equal(await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches), true);
  assertNoProblems(problems);
  await close();
});

test("each kind of problem is seen, in workers too", async () => {
  const { problems, close } = await openPage(`${origin}/broken.html`);
  const has = (kind, text) => problems[kind].some((found) => found.includes(text));
  const expected = [
    ["consoleErrors", "told on the page"],
    ["consoleErrors", "told in a worker"],
    ["pageErrors", "nobody caught this"],
    ["policyReports", "style-src"],
    ["foreignRequests", "127.0.0.1:9/elsewhere"],
    ["foreignRequests", "127.0.0.2:9/from-a-worker"],
  ];
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline && !expected.every(([kind, text]) => has(kind, text))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await close();
  for (const [kind, text] of expected) assert.ok(has(kind, text), `${kind} lacks "${text}": ${JSON.stringify(problems[kind])}`);
  assert.throws(() => assertNoProblems(problems));
});
