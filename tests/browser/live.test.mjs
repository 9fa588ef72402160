// What a reader can do with a figure of the gallery, and with the arrows of the opening one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertNoProblems, launchChromium, linkTo, openPage, savedText, siteUrl, testNumbers } from "./harness.mjs";

const LIMIT_MS = 60_000;
/** Small and quick. */
const SPEC = { features: 5, hidden: 2, importance: 0.9, density: 0.1, steps: 3000, restarts: { count: 4, keep: "best" } };

let browser;
before(async () => { browser = await launchChromium(); });
after(() => browser.close());

const query = (id, spec, more = "") => siteUrl(`?v=1&figure=${id}&spec=${encodeURIComponent(JSON.stringify(spec))}${more}`);
const cardOf = (id) => `superposition-figure[figure="${id}"] > .card`;

/** Waits until a card's data attributes have these values. */
const shown = (page, id, values) => page.waitForFunction(({ card, values }) => {
  const { dataset } = document.querySelector(card) ?? { dataset: {} };
  return Object.entries(values).every(([name, value]) => dataset[name] === value);
}, { card: cardOf(id), values }, { timeout: LIMIT_MS });
const dataOf = (page, id) => page.evaluate((id) => document.querySelector(`superposition-figure[figure="${id}"]`).data(), id);
const pixelsOf = (page, selector) => page.evaluate((selector) => {
  const canvas = document.querySelector(selector);
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.reduce((sum, value, idx) => (sum * 31 + value * (idx % 7)) % 1e9, 0);
}, selector);
/** A busy machine may take some frames for what is drawn in one. */
async function until(holds, what) {
  for (const end = Date.now() + 10_000; !await holds();) assert.ok(Date.now() < end, what);
}
/** Waits until every panel that can be seen is drawn as it is now. */
const drawn = (page, id) => page.waitForFunction((id) => document.getElementById(id).figure.views.panels.every(({ isDirty, isSeen }) => !isDirty || !isSeen), id);
const frame = (page) => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

test("play, pause, one step, restart, a new seed, and the same seed again", async (t) => {
  const seed = testNumbers(t)() % 1e6;
  const { page, problems, close } = await openPage(query("playground", { ...SPEC, seed, steps: 1e6 }), { browser });
  const figure = page.locator(cardOf("playground"));
  await page.waitForFunction((card) => Number(document.querySelector(card)?.dataset.steps) > 200, cardOf("playground"));
  await figure.getByRole("button", { name: "Pause" }).click();
  await shown(page, "playground", { phase: "paused" });
  // The slice that was under way is still told; then nothing moves.
  let steps;
  for (let looks = 0; steps !== await figure.getAttribute("data-steps"); looks += 1) {
    assert.ok(looks < 10, "a pause stands still");
    steps = await figure.getAttribute("data-steps");
    await page.waitForTimeout(500);
  }
  await figure.getByRole("button", { name: "One step" }).click();
  await page.waitForFunction(({ card, steps }) => Number(document.querySelector(card).dataset.steps) === Number(steps) + 20, { card: cardOf("playground"), steps });
  assert.match(await figure.locator(".status").textContent(), /^step [\d\s]+ · loss 0\.0\d+ · /);
  await figure.getByRole("button", { name: "New seed" }).click();
  await page.waitForFunction(({ card, seed }) => document.querySelector(card).dataset.seed !== String(seed), { card: cardOf("playground"), seed });
  assert.notEqual(await figure.getByLabel("Seed", { exact: true }).inputValue(), String(seed));
  assertNoProblems(problems);
  await close();
});

test("a run repeats to the last bit, whatever came between, and so does a worker's successor", async (t) => {
  const seed = testNumbers(t)() % 1e6;
  const { page, problems, close } = await openPage(query("correlated", { sweep: [{ field: "seed", values: [seed, seed + 100] }] }), { browser });
  await shown(page, "correlated", { phase: "done" });
  const first = await dataOf(page, "correlated");
  await page.locator(cardOf("correlated")).getByRole("button", { name: "Run again" }).click();
  await page.waitForFunction((card) => document.querySelector(card).dataset.phase === "running" && Number(document.querySelector(card).dataset.steps) > 50, cardOf("correlated"));
  await page.workers()[0].evaluate(() => { setTimeout(() => globalThis.close()); });
  await shown(page, "correlated", { phase: "done" });
  assert.deepEqual(await dataOf(page, "correlated"), first);
  assertNoProblems(problems);
  await close();
});

test("marks tell their numbers and light their feature, by pointer and by key; solids turn", async () => {
  const { page, problems, close } = await openPage(query("playground", { ...SPEC, hidden: 3, features: 6 }), { browser, width: 1000, height: 900 });
  await shown(page, "playground", { phase: "done" });
  const figure = page.locator(cardOf("playground"));
  const tip = figure.locator(".tip");
  const [solid, matrix] = [0, 1].map((idx) => figure.locator(".view canvas").nth(idx));
  await solid.scrollIntoViewIfNeeded();
  await frame(page);
  await matrix.hover({ position: { x: 60, y: 60 } });
  await tip.waitFor();
  assert.match(await tip.textContent(), /\d/);
  await page.mouse.move(2, 2);
  await tip.waitFor({ state: "hidden" });

  await matrix.focus();
  await matrix.press("ArrowRight");
  await tip.waitFor();
  const [before] = [await tip.textContent()];
  await matrix.press("ArrowRight");
  assert.notEqual(await tip.textContent(), before);
  await matrix.press("Escape");
  await tip.waitFor({ state: "hidden" });

  const first = `${cardOf("playground")} .view canvas`;
  await drawn(page, "playground");
  const still = await pixelsOf(page, first);
  await solid.focus();
  await solid.press("ArrowRight");
  await until(async () => await pixelsOf(page, first) !== still, "an arrow key turns a solid");
  await drawn(page, "playground");
  const turned = await pixelsOf(page, first);
  const box = await solid.boundingBox();
  await page.mouse.move(box.x + 100, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + 160, box.y + 120, { steps: 5 });
  await page.mouse.up();
  await page.mouse.move(2, 2);
  await until(async () => await pixelsOf(page, first) !== turned, "a drag turns it");
  assertNoProblems(problems);
  await close();
});

test("the way can be looked back on; a run can be kept beside", async () => {
  const { page, problems, close } = await openPage(query("playground", SPEC), { browser, width: 1000, height: 900 });
  await shown(page, "playground", { phase: "done" });
  const figure = page.locator(cardOf("playground"));
  const first = `${cardOf("playground")} .view canvas`;
  await page.locator(first).first().scrollIntoViewIfNeeded();
  await drawn(page, "playground");
  const end = await pixelsOf(page, first);
  const scrub = figure.getByLabel("Look back");
  await scrub.focus();
  await scrub.press("Home");
  await until(async () => await pixelsOf(page, first) !== end, "the first picture is another one");
  assert.match(await figure.locator(".scrub output").textContent(), /^step \d+$/);
  await scrub.press("End");
  await until(async () => await pixelsOf(page, first) === end, "the last picture is the last one");

  await figure.getByRole("button", { name: "Keep this run beside" }).click();
  assert.match(await figure.locator(".beside-head h3").textContent(), /^Kept: .*density 0\.1/);
  await figure.getByRole("button", { name: "A pentagon" }).click();
  assert.match(await figure.locator(".presets .help").textContent(), /pentagon/);
  await shown(page, "playground", { phase: "done" });
  assert.equal(await figure.locator(".beside canvas").count(), await figure.locator(".beside .view").count());
  await figure.getByRole("button", { name: "Take the kept run away" }).click();
  assert.equal(await figure.locator(".beside").count(), 0);
  assertNoProblems(problems);
  await close();
});

test("settings restart the same seed; what is refused is told, and nothing is lost", async () => {
  const { page, problems, close } = await openPage(query("playground", SPEC), { browser, width: 1000, height: 900 });
  await shown(page, "playground", { phase: "done" });
  const figure = page.locator(cardOf("playground"));
  const message = figure.locator("[role=alert]");
  const before = await dataOf(page, "playground");
  // The core refuses it at once.
  const seed = figure.getByLabel("Seed", { exact: true });
  await seed.fill("-3");
  await seed.press("Enter");
  assert.match(await message.textContent(), /^seed: got -3, expected/);
  assert.equal(await seed.inputValue(), "0");
  // The figure refuses it when it is made.
  await figure.getByText("All other fields").click();
  const sweep = figure.getByLabel("Sweep");
  await sweep.fill('[{"field": "seed", "values": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}]');
  await sweep.blur();
  await page.waitForFunction((card) => document.querySelector(`${card} [role=alert]`).textContent.startsWith("sweep: got 17 models"), cardOf("playground"));
  assert.deepEqual(await dataOf(page, "playground"), before);
  assert.equal(await sweep.inputValue(), "", "the field shows what is so");
  // Bad text gets the core's own words.
  const sets = figure.getByLabel("Correlated sets", { exact: true });
  await sets.fill("0, 9");
  await sets.blur();
  await page.waitForFunction((card) => /^correlated/.test(document.querySelector(`${card} [role=alert]`).textContent), cardOf("playground"));
  // And what is right is run.
  await sets.fill("0, 1\n2, 3");
  await sets.blur();
  await page.waitForFunction(() => decodeURIComponent(location.hash).includes('"correlated":[[0,1],[2,3]]'));
  assert.equal(await message.textContent(), "");
  assertNoProblems(problems);
  await close();
});

test("a learning rate changes the run on its way; a density starts it anew", async () => {
  const { page, problems, close } = await openPage(query("playground", { ...SPEC, steps: 1e7 }), { browser, width: 1000, height: 900 });
  const figure = page.locator(cardOf("playground"));
  const steps = async () => Number(await figure.getAttribute("data-steps"));
  await until(async () => await steps() > 2000, "it trains");
  const lossIn = async () => Number(/loss (\d\.\d+)/.exec(await figure.locator(".status").textContent())?.[1]);
  const [before, settled] = [await steps(), await lossIn()];
  const rate = figure.getByLabel("Learning rate", { exact: true });
  await rate.press("End");
  await page.waitForFunction(() => decodeURIComponent(location.hash).includes('"learning_rate":1'));
  await until(async () => await lossIn() > 3 * settled, "a rate of 1 throws the weights about");
  assert.ok(await steps() > before, "nothing began anew");
  assert.ok(await figure.locator("[data-part=edited]").isVisible());
  await figure.getByLabel("Density", { exact: true }).first().press("Home");
  await until(async () => await steps() < before, "another density begins anew");
  assert.ok(await figure.locator("[data-part=edited]").isHidden());
  assertNoProblems(problems);
  await close();
});

test("densities are painted, by pointer and by key", async () => {
  const { page, problems, close } = await openPage(query("playground", { ...SPEC, steps: 200 }), { browser, width: 1000, height: 900 });
  await shown(page, "playground", { phase: "done" });
  const bars = page.getByRole("group", { name: "A density for each feature" });
  await bars.scrollIntoViewIfNeeded();
  const box = await bars.boundingBox();
  await page.mouse.move(box.x + 10, box.y + 6);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 10, box.y + box.height - 12, { steps: 20 });
  await page.mouse.up();
  const specNow = () => JSON.parse(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("spec"));
  await page.waitForFunction(() => location.hash.includes("density"));
  const painted = specNow().density;
  assert.equal(painted.length, 5);
  assert.ok(painted.every((value, idx) => idx === 0 || value < painted[idx - 1]), `painted ${painted}`);
  const bar = bars.getByRole("button").nth(0);
  await bar.focus();
  await bar.press("ArrowRight");
  await page.keyboard.press("ArrowUp");
  await page.waitForFunction((value) => JSON.parse(new URLSearchParams(location.hash.slice(1)).get("spec")).density[1] > value, painted[1]);
  assertNoProblems(problems);
  await close();
});

test("files: SVG, PNG, CSV, JSON, a PyTorch script; an embed with parts switched off", async () => {
  const { page, problems, close } = await openPage(query("playground", { ...SPEC, steps: 500 }), { browser });
  await shown(page, "playground", { phase: "done" });
  assert.match(await savedText(page, "playground", "Picture (SVG)"), /^<svg[^]*<\/svg>\s*$/);
  assert.match(await savedText(page, "playground", "Picture (PNG)"), /PNG/);
  const csv = (await savedText(page, "playground", "Numbers (CSV)")).trimEnd().split("\n");
  assert.match(csv[0], /^name,index_0,index_1/);
  const file = JSON.parse(await savedText(page, "playground", "Numbers (JSON)"));
  assert.deepEqual([file.figure, file.spec.features, file.data.instances.length], ["playground", 5, 1]);
  const weight = csv.find((line) => line.startsWith("instances.weights,0,1,2,"));
  assert.equal(Number(weight.split(",").at(-1)), file.data.instances[0].weights[1][2]);
  assert.match(await savedText(page, "playground", "The same in PyTorch"), /"features": 5, "hidden": 2/);

  await page.locator(cardOf("playground")).getByRole("button", { name: "Embed" }).click();
  const dialog = page.getByRole("dialog");
  const iframe = dialog.locator("textarea").first();
  assert.doesNotMatch(await iframe.inputValue(), /hide=/);
  await dialog.getByLabel("Settings").uncheck();
  await dialog.getByLabel("Links and files").uncheck();
  const address = (await iframe.inputValue()).match(/src="([^"]+)"/)[1].replaceAll("&amp;", "&");
  assert.match(address, /hide=settings,tools|hide=settings%2Ctools/);
  assertNoProblems(problems);
  await close();
  const embed = await openPage(address, { browser });
  await shown(embed.page, "playground", { phase: "done" });
  assert.equal(await embed.page.locator(".settings").isVisible(), false);
  assert.equal(await embed.page.locator(".tools").isVisible(), false);
  assertNoProblems(embed.problems);
  await embed.close();
});

test("a mark opens its model in the playground; numbers in the text are the figure's", async () => {
  const { page, problems, close } = await openPage(siteUrl(linkTo("correlated", { sweep: [{ field: "seed", values: [3, 103] }] })), { browser, width: 1100, height: 900 });
  await shown(page, "correlated", { phase: "done" });
  const canvas = page.locator(`${cardOf("correlated")} .view canvas`).nth(1);
  await canvas.scrollIntoViewIfNeeded();
  await frame(page);
  await canvas.focus();
  await canvas.press("ArrowRight");
  await canvas.press("Enter");
  await page.waitForFunction(() => location.hash.includes("figure=playground"));
  const spec = JSON.parse(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("spec"));
  assert.deepEqual([spec.features, spec.hidden, spec.correlated], [4, 2, [[0, 1], [2, 3]]]);
  await page.waitForFunction(() => document.querySelector('[data-live="playground.features"]')?.textContent === "4", null, { timeout: LIMIT_MS });
  assertNoProblems(problems);
  await close();
});

const EXPLORER = ".panel.explorer";
/** The figure's own model at density 0.07, trained for long, and places of its canvas in lengths of W. */
async function openExplorer(spec) {
  const opened = await openPage(siteUrl(linkTo("intro", { density: 0.07, steps: 1e6, ...spec })), { browser, width: 1100, height: 1400 });
  const { page } = opened;
  await page.waitForFunction((explorer) => Number(document.querySelector(explorer)?.dataset.step) > 1500, EXPLORER, { timeout: LIMIT_MS });
  const explorer = page.locator(EXPLORER);
  const canvas = explorer.locator("canvas");
  await canvas.scrollIntoViewIfNeeded();
  const place = async (x, y) => {
    const box = await canvas.boundingBox();
    const unit = box.width / 2 / 1.42;
    return [box.x + box.width / 2 + x * unit, box.y + box.height / 2 - y * unit];
  };
  const columnsNow = () => page.evaluate(() => {
    const { features, weights } = document.querySelector("#intro").figure.explorer.view;
    return Array.from({ length: features }, (_, i) => [weights[i], weights[features + i]]);
  });
  /** Points at the first arrow until it lights up, as a reader does, who sees where it is. */
  const point = async () => {
    for (;;) {
      const [x, y] = (await columnsNow())[0];
      await page.mouse.move(...await place(x * 0.95, y * 0.95));
      if (await page.evaluate(() => document.querySelector("#intro").figure.highlight) === 0) return Math.atan2(y, x);
    }
  };
  /** Drags what is held, 0.9 long, to an angle. */
  const dragTo = async (angle) => {
    const target = [0.9 * Math.cos(angle), 0.9 * Math.sin(angle)];
    await page.mouse.down();
    await page.mouse.move(...await place(...target), { steps: 6 });
    // If the page has moved the picture meanwhile, a reader follows it.
    await page.mouse.move(...await place(...target));
    await page.mouse.up();
    return target;
  };
  return { ...opened, explorer, canvas, columnsNow, point, dragTo };
}

test("an arrow that is dragged stays where it was put, and the others move away", async (t) => {
  const { page, problems, close, explorer, canvas, columnsNow, point, dragTo } = await openExplorer({ seed: testNumbers(t)() % 1e6 });
  const target = await dragTo(await point() + 0.5);
  await explorer.getByRole("button", { name: "Let go of 1" }).waitFor();
  // In a pentagon or a square the next one would be 43° or 61° away if it had not moved.
  await page.waitForFunction(() => {
    const { features, weights } = document.querySelector("#intro").figure.explorer.view;
    const columns = Array.from({ length: features }, (_, i) => [weights[i], weights[features + i]]);
    const angles = columns.filter(([x, y]) => Math.hypot(x, y) > 0.5).map(([x, y]) => Math.atan2(y, x));
    return Math.min(...angles.slice(1).map((angle) => Math.acos(Math.cos(angle - angles[0])))) > 1.13;
  }, null, { timeout: LIMIT_MS });
  const [held] = await columnsNow();
  assert.ok(Math.hypot(held[0] - target[0], held[1] - target[1]) < 0.06, `it is at ${held}, not at ${target}`);
  assert.equal(await page.locator('superposition-figure[figure="intro"] [data-part="edited"]').isVisible(), true);
  // By key: the chosen one turns.
  await page.mouse.move(2, 2);
  await canvas.focus();
  await canvas.press("ArrowRight");
  await canvas.press("ArrowRight");
  await canvas.press("Shift+ArrowLeft");
  await explorer.getByRole("button", { name: "Let go of 1, 2" }).waitFor();
  await explorer.getByRole("button", { name: "Let go of 1, 2" }).click();
  await explorer.getByRole("button", { name: /Let go/ }).waitFor({ state: "hidden" });
  assertNoProblems(problems);
  await close();
});

test("of eight models the picture does not jump between two that are as good; a press takes hold of what lit up", async () => {
  // Two of this seed's eight are the best by turns, some five times a second.
  const { page, problems, close, explorer, point, dragTo } = await openExplorer({ seed: 870942, restarts: { count: 8, keep: "best" } });
  const changes = await page.evaluate(async (explorer) => {
    const { dataset } = document.querySelector(explorer);
    let [before, changes] = [dataset.restart, 0];
    for (const end = performance.now() + 6000; performance.now() < end;) {
      await new Promise(requestAnimationFrame);
      if (dataset.restart !== before) changes += 1;
      before = dataset.restart;
    }
    return changes;
  }, EXPLORER);
  assert.ok(changes <= 12, `${changes} changes in six seconds`);
  const angle = await point();
  // Meanwhile another of the eight is shown, whose first arrow is elsewhere.
  await page.evaluate(() => {
    const { explorer } = document.querySelector("#intro").figure;
    explorer.receive = () => {};
    explorer.view.weights = explorer.view.weights.map((weight) => -weight);
  });
  await dragTo(angle + 0.5);
  await explorer.getByRole("button", { name: "Let go of 1" }).waitFor();
  assertNoProblems(problems);
  await close();
});

test("pictures of the opening figure and of a phase diagram: SVG and PNG", async () => {
  const { page, problems, close } = await openPage(siteUrl(), { browser });
  await page.waitForFunction(() => document.documentElement.dataset.ready === "true", null, { timeout: LIMIT_MS });
  /** The words of an SVG document, and its size once the browser has laid it out as an image. */
  const read = (svg) => page.evaluate(async (svg) => {
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
    await image.decode();
    const document = new DOMParser().parseFromString(svg, "image/svg+xml");
    return { words: [...document.querySelectorAll("text")].map((text) => text.textContent.trim()), size: [image.naturalWidth, image.naturalHeight] };
  }, svg);

  const intro = await read(await savedText(page, "intro", "Picture (SVG)"));
  for (const title of ["0% sparse", "80% sparse", "90% sparse", "93% sparse · density 0.07"]) assert.ok(intro.words.includes(title), title);
  // The label of each arrow of the pentagon, in two panels at least.
  assert.ok(intro.words.filter((word) => word === "5").length >= 2, intro.words.join(" | "));
  assert.equal(intro.size[0], 1000);
  assert.match(await savedText(page, "intro", "Picture (PNG)"), /PNG/);

  await page.evaluate(() => document.getElementById("phase-3-2").scrollIntoView());
  await page.waitForFunction(() => document.getElementById("phase-3-2").figure?.rows > 0, null, { timeout: LIMIT_MS });
  const phase = await read(await savedText(page, "phase-3-2", "Picture (SVG)"));
  for (const word of ["Theory", "Experiment", "extra in a pair", "others a pair", "0.01", "10"]) assert.ok(phase.words.includes(word), word);
  assert.equal(phase.size[0], 1000);
  assertNoProblems(problems);
  await close();
});

test("on paper every panel is there, on white; then the page is as it was", async () => {
  const { page, problems, close } = await openPage(siteUrl(linkTo("correlated", { sweep: [{ field: "seed", values: [3, 103] }] })), { browser });
  await shown(page, "correlated", { phase: "done" });
  await page.locator('label:has(input[name="theme"][value="dark"])').click();
  await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
  const panels = `${cardOf("correlated")} .view canvas`;
  const seen = () => page.locator(panels).evaluateAll((canvases) => ({
    theme: document.documentElement.dataset.theme,
    // The corner of a panel is its card.
    corners: canvases.map((canvas) => (canvas.width === 0 ? null : [...canvas.getContext("2d").getImageData(1, 1, 1, 1).data])),
  }));
  // Out of view for a while, it gives its pixels back.
  await page.waitForFunction((panels) => [...document.querySelectorAll(panels)].every((canvas) => canvas.width === 0), panels, { timeout: LIMIT_MS });
  await page.evaluate((panels) => addEventListener("beforeprint", () => {
    globalThis.onPaper = [...document.querySelectorAll(panels)].map((canvas) => canvas.width > 0 && [...canvas.getContext("2d").getImageData(1, 1, 1, 1).data]);
  }), panels);
  await page.pdf();
  const onPaper = await page.evaluate(() => globalThis.onPaper);
  assert.ok(onPaper.length >= 2);
  for (const corner of onPaper) assert.deepEqual(corner, [255, 255, 255, 255]);
  const after = await seen();
  assert.equal(after.theme, "dark");
  assert.ok(after.corners.every((corner) => corner === null), "given back again");
  assertNoProblems(problems);
  await close();
});
