// Firefox and WebKit, each as little as a test of the page needs: open an address, run a function in it, close.
//
// Firefox is driven by puppeteer-core over WebDriver BiDi, WebKit's MiniBrowser by plain WebDriver in a display of its own.
// `cargo xtask` says where they are: FIREFOX_PATH; WEBKIT_DRIVER_PATH and WEBKIT_BROWSER_PATH (unset where there is no
// WebKit that can be driven without a window).

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import puppeteer from "puppeteer-core";

/** @typedef {object} SmallBrowser
 * @property {string} name
 * @property {(url: string) => Promise<void>} open waits for the page's `load` event
 * @property {(run: Function, ...values: unknown[]) => Promise<unknown>} evaluate runs an async function in the page; it
 *   must not refer to anything outside itself, and its values and result must survive JSON
 * @property {() => Promise<void>} close
 */

/** How long WebKit's driver may take to answer for the first time. */
const START_LIMIT_MS = 30_000;

/** @returns {Promise<SmallBrowser>} */
export async function launchFirefox() {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.FIREFOX_PATH,
    headless: true,
  });
  const page = await browser.newPage();
  return {
    name: "Firefox",
    open: async (url) => void (await page.goto(url, { waitUntil: "load" })),
    evaluate: (run, ...values) => page.evaluate(run, ...values),
    close: () => browser.close(),
  };
}

/** @returns {Promise<SmallBrowser>} */
export async function launchWebkit() {
  const port = await freePort();
  // A process group of its own: xvfb-run does not hand a signal on to the display and the driver.
  const driver = spawn("xvfb-run", ["-a", process.env.WEBKIT_DRIVER_PATH, `--port=${port}`], {
    detached: true,
    stdio: "ignore",
  });
  const failed = new Promise((_resolve, reject) => {
    driver.once("error", reject);
    driver.once("exit", (code) => reject(new Error(`WebKit's driver ended with status ${code}`)));
  });
  failed.catch(() => {});
  const ask = (method, path, body) => Promise.race([failed, webdriver(port, method, path, body)]);
  const stop = () => {
    try {
      process.kill(-driver.pid);
    } catch {
      // It has ended by itself.
    }
  };
  try {
    await untilReady(ask);
    const options = { binary: process.env.WEBKIT_BROWSER_PATH, args: ["--automation"] };
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
    const { sessionId } = await ask("POST", "/session", { capabilities });
    const session = `/session/${sessionId}`;
    return {
      name: "WebKit",
      open: (url) => ask("POST", `${session}/url`, { url }),
      evaluate: async (run, ...values) => {
        const script = `const done = arguments[arguments.length - 1];
          (${run})(...[...arguments].slice(0, -1)).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
        const { value, error } = await ask("POST", `${session}/execute/async`, { script, args: values });
        if (error) throw new Error(error);
        return value;
      },
      close: async () => {
        await ask("DELETE", session);
        stop();
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

async function untilReady(ask) {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      return await ask("GET", "/status");
    } catch (error) {
      // Until it listens, the connection is refused.
      if (Date.now() > deadline || error.message.includes("ended")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function webdriver(port, method, path, body) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
  return value;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
