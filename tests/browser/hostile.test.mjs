// Bad input in the browser: hashes and worker messages get the core's own words, as text, and the page goes on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertNoProblems, launchChromium, linkTo, openPage, savedText, serveSources, siteUrl } from "./harness.mjs";

const FIGURE = 'superposition-figure[figure="intro"]';
const EXPLORER = `${FIGURE} .panel.explorer`;
/** A spec in a link, written as it stands. */
const raw = (text, figure = "intro") => `#v=1&figure=${figure}&spec=${text}`;

/** Messages as this test knows them; those of the table below are asked of the core. */
const EXACT = [
  ["#v=2&figure=intro", "v: got 2, expected 1, the only version there is"],
  ["#v=1&figure=intro&spec=%zz", "spec: got %zz, expected two hexadecimal digits after a percent sign"],
  [raw(encodeURIComponent('{"seed":1,"seed":2}')), "seed: got a second value, 2, expected the field once"],
  ["#v=1&figure=intro&x=5", "x: got 5, expected one of the keys v, figure, spec, show, hide"],
];

const HOSTILE = {
  "JSON that ends early": raw("%7B%22seed%22%3A"),
  "no JSON": raw("seed"),
  "JSON, no object": raw("[1,2,3]"),
  "a wrong type": linkTo("intro", { features: "five" }),
  "a wrong type of a list": linkTo("intro", { density: [0.1, null, 0.1, 0.1, 0.1] }),
  "out of range": linkTo("intro", { density: 1.5 }),
  "below the range": linkTo("intro", { learning_rate: -1 }),
  "no safe integer": linkTo("intro", { seed: 2 ** 53 }),
  "no finite number": raw("%7B%22learning_rate%22%3A1e999%7D"),
  "an unknown field": linkTo("intro", { densty: 0.5 }),
  "a field that a prototype has": linkTo("intro", { constructor: 1, toString: 2 }),
  "a prototype": raw("%7B%22__proto__%22%3A%7B%22polluted%22%3A1%7D%7D"),
  "a field twice": raw("%7B%22density%22%3A0.1%2C%22density%22%3A0.2%7D"),
  "a field of another model": linkTo("intro", { model: "absolute", adversarial_training: { norm: 0.1 } }),
  "lists that do not fit": linkTo("intro", { importance: [1, 2, 3] }),
  "too many instances": linkTo("intro", { sweep: [{ field: "seed", from: 0, to: 1e9, count: 1e9, scale: "linear" }] }),
  "a sweep of nothing": linkTo("intro", { sweep: [{ field: "nothing", values: [1] }] }),
  "too many restarts": linkTo("intro", { restarts: { count: 1e6, keep: "best" } }),
  "an unknown figure": "#v=1&figure=nothing",
  "no version": "#v=&figure=intro",
  "a key twice": "#v=1&figure=intro&figure=intro",
  "markup in a value": linkTo("intro", { model: "<img src=x onerror=\"globalThis.pwned = 1\">" }),
  "markup in a field": linkTo("intro", { "<script>globalThis.pwned = 1</script>": 1 }),
  "markup, not encoded": "#v=1&figure=intro&spec={\"model\":\"<svg onload=globalThis.pwned=1>\"}",
  "markup in a key": "#v=1&figure=intro&<b onclick=alert(1)>=1",
  "markup in a name": "#v=1&figure=intro&hide=%3Ciframe%20src%3Djavascript:alert(1)%3E",
  "a selector in the figure": "#v=1&figure=%22%5D%2C*%2C%5Ba%3D%22",
  "half an escape": "#v=1&figure=intro&spec=%7",
  "no UTF-8": "#v=1&figure=intro&spec=%ff%fe",
  "zero bytes": raw("%00%00"),
  "line ends": linkTo("intro", { model: "a\n\nb\u2028c" }),
  "deep nesting": raw("[".repeat(20_000)),
  "huge": raw(`{"model":"${"x".repeat(1_200_000)}"}`),
  "bad, of the other figure": linkTo("phase-2-1", { restarts: { count: 0, keep: "best" } }),
  "no diagram": linkTo("phase-2-1", { sweep: [{ field: "density", from: 1, to: 0.1, count: 4, scale: "log" }], features: 3 }),
};

let browser;
before(async () => { browser = await launchChromium(); });
after(() => browser.close());

test("a hostile hash is answered in the core's words, and training goes on", async (t) => {
  const { page, problems, close } = await openPage(siteUrl(linkTo("intro", { seed: 5, steps: 1e8 })), { browser });
  await page.waitForFunction((explorer) => Number(document.querySelector(explorer)?.dataset.step) > 0, EXPLORER);
  // The other figure is loaded when it comes near the view.
  await page.evaluate(() => document.querySelector("#phase-2-1").scrollIntoView({ behavior: "instant" }));
  await page.waitForSelector('#phase-2-1 > .card[data-phase="idle"]');
  await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
  let step = 0;
  for (const [hash, message] of EXACT) {
    assert.equal((await follow(page, hash)).shown, message, hash);
  }
  for (const [name, hash] of Object.entries(HOSTILE)) {
    const { shown, expected, place, step: now, status } = await follow(page, hash);
    assert.ok(expected !== null, `${name}: the core takes it`);
    assert.equal(shown, expected, name);
    assert.doesNotMatch(shown, /[\n\r\u2028]/, `${name}: one line`);
    assert.ok(shown.length < 500, `${name}: a message of ${shown.length} characters`);
    const figure = new URLSearchParams(hash.slice(1)).get("figure");
    assert.equal(place, ["intro", "phase-2-1"].includes(figure) ? figure : "top", `${name}: where the message stands`);
    assert.ok(now >= step && status === "running", `${name}: the step went from ${step} to ${now}, ${status}`);
    step = now;
  }
  // A link to the diagram scrolled to it, and the opening figure rested unseen.
  await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
  await page.waitForFunction(({ explorer, step }) => Number(document.querySelector(explorer).dataset.step) > step + 50, { explorer: EXPLORER, step });
  t.diagnostic(`${EXACT.length + Object.keys(HOSTILE).length} hashes; step ${step} after the last`);

  // A link that can be followed takes the message away.
  const good = await follow(page, linkTo("intro", { seed: 6, steps: 1e8 }));
  assert.equal(good.expected, null);
  assert.deepEqual(good.notices.filter(({ place }) => place !== "phase-2-1"), []);
  assertNoProblems(problems);
  await close();
});

test("a refused hash leaves every bit of the weights", async () => {
  const { page, problems, close } = await openPage(siteUrl(linkTo("intro", { seed: 8, steps: 300 })), { browser });
  // The file holds every instance of the sweep, and the large panel is of one: it may be done while others train.
  await page.waitForFunction((panels) => {
    const all = [...document.querySelectorAll(panels)];
    return all.length > 1 && all.every(({ dataset }) => dataset.status === "done");
  }, `${FIGURE} .panel`);
  const before = await savedText(page, "intro", "Specs and weights (JSON lines)");
  for (const name of ["a wrong type", "out of range", "an unknown field", "a field twice", "huge"]) {
    await follow(page, HOSTILE[name]);
    assert.equal(await savedText(page, "intro", "Specs and weights (JSON lines)"), before, name);
  }
  assertNoProblems(problems);
  await close();
});

for (const name of ["out of range", "markup in a field", "an unknown figure", "half an escape"]) {
  test(`the page opens with a hostile hash and trains: ${name}`, async () => {
    const { page, problems, close } = await openPage(siteUrl(HOSTILE[name]), { browser });
    await page.waitForFunction((explorer) => Number(document.querySelector(explorer)?.dataset.step) > 0, EXPLORER);
    const { shown, expected } = await read(page, await page.evaluate(() => location.hash));
    assert.equal(shown, expected);
    assertNoProblems(problems);
    await close();
  });
}

test("an ordinary anchor is no link", async () => {
  const { page, problems, close } = await openPage(siteUrl("#phase"), { browser });
  await page.waitForFunction((explorer) => document.querySelector(explorer)?.dataset.seed !== undefined, EXPLORER);
  for (const hash of ["#%zz", "#figure=intro", "#<img src=x>", "#credits", "#"]) {
    assert.equal((await follow(page, hash)).shown, null, hash);
  }
  assertNoProblems(problems);
  await close();
});

test("a typed seed that is none is refused at the figure, and the run goes on", async () => {
  const { page, problems, close } = await openPage(siteUrl(linkTo("intro", { steps: 1e8 })), { browser });
  await page.waitForFunction((explorer) => Number(document.querySelector(explorer)?.dataset.step) > 0, EXPLORER);
  const before = page.url();
  await page.locator(FIGURE).getByLabel("Seed", { exact: true }).fill("<b>7</b>");
  await page.locator(FIGURE).getByLabel("Seed", { exact: true }).press("Enter");
  const { shown, step } = await read(page, "#");
  assert.match(shown, /^seed: got "<b>7<\/b>", expected /);
  await page.waitForFunction(({ explorer, step }) => Number(document.querySelector(explorer).dataset.step) > step, { explorer: EXPLORER, step });
  assert.equal(page.url(), before);
  assertNoProblems(problems);
  await close();
});

test("a worker answers a bad message with the core's error, and goes on", async () => {
  const { page, context, problems, close } = await openPage(siteUrl(linkTo("intro", { steps: 0 })), { browser });
  const sources = await serveSources(context);
  const bad = ['{"features":0,"hidden":2}', '{"features":5}', "{", '{"features":5,"hidden":2,"densty":1}', '{"features":5,"hidden":2,"model":"absolute","attack":{}}'];
  const { answers, states, expected } = await page.evaluate(talkToWorker, { base: siteUrl(), sources, bad });
  assert.equal(answers.length, bad.length + 5);
  bad.forEach((text, idx) => {
    assert.deepEqual([answers[idx].type, answers[idx].error?.message], ["failed", expected[idx]], text);
    assert.equal(answers[idx].error.name, "Error");
  });
  assert.equal(answers[0].error.message, "features: got 0, expected an integer from 1 to 4096");
  const [unknown, nothing, noJob, badPatch, badBytes] = answers.slice(bad.length);
  assert.deepEqual([unknown.type, unknown.error.message], ["failed", "message: expected a request of the protocol"]);
  assert.deepEqual([nothing.type, nothing.id], ["failed", 0]);
  assert.deepEqual([noJob.type, noJob.error.message], ["failed", "job 99: there is no such TrainJob"]);
  assert.equal(badPatch.type, "failed");
  assert.match(badPatch.error.message, /^learning_rate: got -1, expected /);
  assert.equal(badBytes.type, "failed");
  assert.doesNotMatch(badBytes.error.message, /unreachable|panicked/);
  // The job that was there before is untouched by all of them.
  assert.equal(states.at(-1).state.step, 15);
  assert.equal(states.at(-1).state.status, "running");
  assertNoProblems(problems);
  await close();
});

/** Sets the hash as a reader would, and reads what the page makes of it. */
async function follow(page, hash) {
  const asSeen = await page.evaluate((hash) => new Promise((resolve) => {
    if (location.hash === hash) return resolve(location.hash);
    // Registered after the page's own listener: when this one runs, the page has done what it does.
    addEventListener("hashchange", () => requestAnimationFrame(() => resolve(location.hash)), { once: true });
    location.hash = hash;
  }), hash);
  return read(page, asSeen);
}

/** What the page shows, and what the core says of the same text on the way that the page takes it. */
async function read(page, hash) {
  const seen = await page.evaluate(async ({ hash, explorer }) => {
    const facade = await (await import(new URL("www/core.js", document.baseURI).href)).core;
    const visible = [...document.querySelectorAll(".notice")].filter((notice) => !notice.hidden && notice.offsetParent !== null);
    const { step, status } = document.querySelector(explorer).dataset;
    let expected = null;
    try {
      const link = JSON.parse(facade.decodeLink(hash));
      if (link?.figure) {
        const merged = facade.mergeSpec(facade.preset(link.figure), JSON.stringify(link.spec));
        facade.resolveSpec(merged);
        if (link.figure === "phase-2-1") new facade.PhaseGrid(merged).free();
      }
    } catch (error) {
      expected = error.message;
    }
    return {
      expected,
      // At a figure the message has an element of its own, with a button beside it.
      notices: visible.map((notice) => [notice, notice.querySelector(":scope > button") ? notice.firstElementChild : notice])
        .map(([notice, message]) => ({
          place: notice.closest("superposition-figure")?.getAttribute("figure") ?? "top",
          text: message.textContent,
          children: message.childElementCount,
        })),
      step: Number(step),
      status,
      pwned: globalThis.pwned !== undefined || {}.polluted !== undefined,
      strangers: document.querySelectorAll("script:not([src]), iframe, [onerror], [onload], [onclick], img[src='x'], .notice b").length,
    };
  }, { hash, explorer: EXPLORER });
  assert.equal(seen.pwned, false);
  assert.equal(seen.strangers, 0);
  assert.ok(seen.notices.every(({ children }) => children === 0), JSON.stringify(seen.notices));
  // Another figure's older message may still stand.
  const notice = seen.notices.find(({ text }) => text === seen.expected) ?? seen.notices[0];
  return { ...seen, shown: notice?.text ?? null, place: notice?.place ?? null };
}

/** Runs in the page: a worker of its own, spoken to over the protocol. */
async function talkToWorker({ base, sources, bad }) {
  const protocol = await import(`${sources}protocol.js`);
  const { wasmLevel } = await import(`${sources}detect.js`);
  const facade = await (await import(`${base}www/core.js`)).core;
  const level = wasmLevel();
  const module = await WebAssembly.compile(await (await fetch(`${base}pkg/${level}/superposition_bg.wasm`)).arrayBuffer());
  const worker = new Worker(`${base}www/worker.js`, { type: "module" });
  const states = [];
  let id = 100;
  const ask = (message, answersTo = message?.id) => new Promise((resolve) => {
    worker.onmessage = ({ data }) => {
      if (data.type === "state") states.push(data);
      if (data.type === "fatal" || (["done", "failed"].includes(data.type) && data.id === answersTo)) resolve(data);
    };
    worker.postMessage(message);
  });
  const next = () => (id += 1);
  await ask(protocol.init(next(), level, module));
  await ask(protocol.create(next(), 1, 1, '{"features":5,"hidden":2}'));
  await ask(protocol.step(next(), 1, 10));
  const answers = [];
  const expected = [];
  for (const spec of bad) {
    answers.push(await ask(protocol.create(next(), 1, 2, spec)));
    try {
      facade.resolveSpec(spec);
      expected.push(null);
    } catch (error) {
      expected.push(error.message);
    }
  }
  answers.push(await ask({ type: "delete-everything", id: 7 }));
  answers.push(await ask("nothing", 0));
  answers.push(await ask(protocol.run(next(), 99, null)));
  answers.push(await ask(protocol.set(next(), 1, '{"learning_rate":-1}')));
  answers.push(await ask(protocol.restore(next(), 1, 3, new Uint8Array([1, 2, 3]))));
  await ask(protocol.step(next(), 1, 5));
  worker.terminate();
  return { answers, states, expected };
}
