// The phase diagram in the reader's browser: run, pause, cancel, the classes it finds, and a click on a cell.
//
// The class of a cell, by the rule of `theory::classify` (src/theory/phase_2_1.rs) on the two weights of the best of its ten
// models: 2, superposition, where they have opposite signs and the smaller is more than half the larger; else 1, dedicated,
// where the extra feature's is the larger; else 0, ignored. Theory gives the natural solution with the lowest loss, each
// with its best bias. Cells that touch a boundary (one of the eight around has another class) are left out of the comparison: two
// solutions are almost equally good there. Of the 496 cells inside, 496 agreed when this was written, with two seeds. Were it
// only 97% of them, 5 or more misses in 20 would have a probability of 3e-4.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertNoProblems, launchChromium, linkTo, openPage, savedText, siteUrl, testNumbers } from "./harness.mjs";

const FIGURE = 'superposition-figure[figure="phase-2-1"]';
const CARD = `${FIGURE} > .card`;
const SIZE = 24;
const N_COMPARED = 20;
const N_AGREE = 16;
const RUN_LIMIT_MS = 90_000;

let browser;
before(async () => { browser = await launchChromium(); });
after(() => browser.close());

test("the experiment agrees with the theory away from its boundaries; a click opens a cell's model", async (t) => {
  const draw = testNumbers(t);
  const { page, problems, close } = await openPage(siteUrl(gridOf(SIZE, draw())), { browser });
  const figure = page.locator(FIGURE);
  await page.waitForFunction((card) => document.querySelector(card)?.dataset.phase === "idle", CARD);
  const begin = performance.now();
  await figure.getByRole("button", { name: "Run the grid" }).click();
  await page.waitForFunction((card) => document.querySelector(card).dataset.phase === "done", CARD, { timeout: RUN_LIMIT_MS });
  t.diagnostic(`${SIZE} × ${SIZE} cells in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  const cells = await trainedCells(page);
  assert.equal(cells.length, SIZE * SIZE);

  for (const cell of cells) {
    assert.equal(cell.class, classOf(cell.weights), `row ${cell.row}, column ${cell.column}: weights ${cell.weights}`);
  }
  const inner = cells.filter((cell) => isInner(cell, cells));
  for (const cell of inner) assert.equal(cell.theory, theoryOf(cell), `theory of row ${cell.row}, column ${cell.column}`);
  const chosen = sample(inner, N_COMPARED, draw);
  const agreeing = chosen.filter((cell) => cell.class === cell.theory);
  t.diagnostic(
    `${agreeing.length} of ${N_COMPARED} agree: ${chosen.map((cell) => `${cell.row},${cell.column}: ${cell.class}/${cell.theory}`).join("; ")}`,
  );
  assert.ok(agreeing.length >= N_AGREE, `${agreeing.length} of ${N_COMPARED} cells agree with the theory, expected ${N_AGREE}`);

  await t.test("the pixels show the classes", async () => {
    const picked = [...chosen, ...[0, 1, 2].map((value) => inner.find((cell) => cell.class === value))];
    const colors = await page.evaluate(pixelsOf, { figure: FIGURE, rows: SIZE, columns: SIZE, cells: picked.map((cell) => cell.idx) });
    const byClass = new Map();
    picked.forEach((cell, idx) => byClass.set(cell.class, (byClass.get(cell.class) ?? new Set()).add(colors[idx])));
    for (const [value, seen] of byClass) assert.equal(seen.size, 1, `class ${value} has the colours ${[...seen].join(" and ")}`);
    assert.equal(byClass.size, 3);
    assert.equal(new Set([...byClass.values()].flatMap((seen) => [...seen])).size, 3, "two classes look the same");
  });

  await t.test("a click on a cell trains its model, and its link opens it", async () => {
    const cell = agreeing.find((each) => each.class === 2) ?? inner.find((each) => each.class === 2 && each.theory === 2);
    const place = await page.evaluate(placeOf, { figure: FIGURE, rows: SIZE, columns: SIZE, cell: cell.idx });
    await figure.locator('canvas[data-diagram="experiment"]').click({ position: place });
    const panel = figure.locator(".cell-model");
    // It trains while it is seen, and figures above may still be growing to their size: like a reader, look where it has gone.
    await page.waitForFunction(
      (figure) => {
        const panel = document.querySelector(`${figure} .cell-model`);
        const { top, bottom } = panel.getBoundingClientRect();
        if (bottom < 0 || top > innerHeight) panel.scrollIntoView();
        return ["done", "converged"].includes(panel.dataset.status);
      },
      FIGURE,
      { timeout: 30_000 },
    );
    // Two features in opposite directions, as the class says.
    assert.equal(await panel.getAttribute("data-solution"), "digon");
    const [, density, importance] = (await panel.locator("h3").textContent()).match(/^Density (\S+), importance (\S+)$/);
    assertNear(Number(density), cell.density, 0.01);
    assertNear(Number(importance), cell.importance, 0.01);
    assert.match(await figure.locator(".cell").textContent(), /Theory: the best model keeps both, in opposite directions\./);

    await figure.getByRole("link", { name: "Open its model" }).click();
    await page.waitForFunction(
      () => ["done", "converged"].includes(document.querySelector('superposition-figure[figure="intro"] .panel').dataset.status),
      null,
      { timeout: 30_000 },
    );
    const [line] = (await savedText(page, "intro", "Specs and weights (JSON lines)")).split("\n");
    const model = JSON.parse(line);
    assert.equal(model.spec.hidden, 1);
    assertNear(model.spec.density, cell.density, 1e-9);
    assert.equal(classOf(model.weights[0]), 2);
  });

  assertNoProblems(problems);
  await close();
});

test("a run pauses, goes on, and can be cancelled", async (t) => {
  const draw = testNumbers(t);
  // Large enough that no machine has done it before the clicks.
  const { page, problems, close } = await openPage(siteUrl(gridOf(64, draw())), { browser });
  const figure = page.locator(FIGURE);
  const done = async () => Number(await page.locator(CARD).getAttribute("data-done"));
  const until = (phase, above) => page.waitForFunction(
    ({ card, phase, above }) => {
      const { dataset } = document.querySelector(card);
      return dataset.phase === phase && Number(dataset.done) > above;
    },
    { card: CARD, phase, above },
    { timeout: RUN_LIMIT_MS },
  );
  await page.waitForFunction((card) => document.querySelector(card)?.dataset.phase === "idle", CARD);
  await figure.getByRole("button", { name: "Run the grid" }).click();
  await until("running", 10);
  assert.match(await figure.locator(".controls .status").textContent(), /^[\d\u202f]+ of 4096 cells · .+ left$/);

  await figure.getByRole("button", { name: "Pause" }).click();
  await until("paused", 10);
  // What the workers had been given, they finish.
  let standing = -1;
  while (standing !== (await done())) {
    standing = await done();
    await page.waitForTimeout(800);
  }
  assert.ok(standing < 4096, "the run was over before it could be paused");
  assert.match(await figure.locator(".controls .status").textContent(), /paused$/);

  await figure.getByRole("button", { name: "Go on" }).click();
  await until("running", standing);
  await figure.getByRole("button", { name: "Cancel" }).click();
  await until("idle", -1);
  const kept = await trainedCells(page);
  assert.ok(kept.length > standing && kept.length < 4096, `${kept.length} cells after ${standing}`);
  await page.waitForTimeout(600);
  assert.equal((await trainedCells(page)).length, kept.length, "cells arrive after the end");
  assert.equal(await figure.getByRole("button", { name: "Cancel" }).isVisible(), false);

  await figure.getByRole("button", { name: "Run the grid" }).click();
  await until("running", 0);
  await figure.getByRole("button", { name: "Cancel" }).click();
  await until("idle", -1);
  assertNoProblems(problems);
  await close();
});

/** The diagram over the preset's ranges with fewer cells. */
function gridOf(size, seed) {
  return linkTo("phase-2-1", {
    seed,
    sweep: [
      { field: "density", from: 1, to: 0.01, count: size, scale: "log" },
      { field: "importance[1]", from: 0.1, to: 10, count: size, scale: "log" },
    ],
  });
}

/** What the Save… menu writes of the cells. */
async function trainedCells(page) {
  const [head, ...lines] = (await savedText(page, "phase-2-1", "Cells (CSV)")).trimEnd().split("\n");
  assert.equal(head, "row,column,density,relative_importance,class,theory,loss,weight_0,weight_1");
  return lines.map((line) => {
    const [row, column, density, importance, value, theory, loss, first, extra] = line.split(",").map(Number);
    assert.ok(Number.isFinite(loss) && loss >= 0, line);
    return { idx: row * SIZE + column, row, column, density, importance, class: value, theory, weights: [first, extra] };
  });
}

function isInner(cell, cells) {
  const around = cells.filter(({ row, column }) => Math.abs(row - cell.row) <= 1 && Math.abs(column - cell.column) <= 1);
  return around.every(({ theory }) => theory === cell.theory);
}

/** The class rule at the top of this file. */
function classOf([first, extra]) {
  const [a, b] = [Math.abs(first), Math.abs(extra)];
  if (first < 0 !== extra < 0 && Math.min(a, b) > 0.5 * Math.max(a, b)) return 2;
  return b > a ? 1 : 0;
}

/** The best natural solution; the bias of the pair by search, where the core has a closed form and Newton's method. */
function theoryOf({ density: p, importance }) {
  const forgotten = p / 3 - (p * p) / 4;
  let shared = Infinity;
  for (let b = 0; b <= 1; b += 0.001) shared = Math.min(shared, pairError(p, b));
  const losses = [importance * forgotten, forgotten, (1 + importance) * shared];
  return losses.indexOf(Math.min(...losses));
}

/** E(x − ReLU(x − y + b))² over two features of density p, by midpoints. */
function pairError(p, b) {
  const count = 40;
  let [alone, other, both] = [0, 0, 0];
  for (let i = 0; i < count; i += 1) {
    const x = (i + 0.5) / count;
    alone += b * b / count;
    other += Math.max(0, b - x) ** 2 / count;
    for (let j = 0; j < count; j += 1) both += (x - Math.max(0, x - (j + 0.5) / count + b)) ** 2 / (count * count);
  }
  return (1 - p) ** 2 * b * b + p * (1 - p) * (alone + other) + p * p * both;
}

/** Draws without replacement. */
function sample(list, count, draw) {
  const rest = [...list];
  return Array.from({ length: Math.min(count, rest.length) }, () => rest.splice(draw() % rest.length, 1)[0]);
}

/** Runs in the page: the middle of a cell on the canvas, in CSS pixels. */
async function placeOf({ figure, rows, columns, cell }) {
  const { core } = await import(new URL("www/core.js", document.baseURI).href);
  const { hitPhase } = await core;
  const { width, height } = document.querySelector(`${figure} canvas[data-diagram="experiment"]`).getBoundingClientRect();
  const hits = [];
  for (let y = 0.5; y < height; y += 1) {
    for (let x = 0.5; x < width; x += 1) if (hitPhase(width, height, rows, columns, x, y) === cell) hits.push([x, y]);
  }
  const middle = (values) => (Math.min(...values) + Math.max(...values)) / 2;
  return { x: middle(hits.map(([x]) => x)), y: middle(hits.map(([, y]) => y)) };
}

/** Runs in the page: the colour that most of each cell of the experiment has; a region's name may run over its middle. */
async function pixelsOf({ figure, rows, columns, cells }) {
  const { core } = await import(new URL("www/core.js", document.baseURI).href);
  const { hitPhase } = await core;
  const canvas = document.querySelector(`${figure} canvas[data-diagram="experiment"]`);
  const { width, height } = canvas.getBoundingClientRect();
  const hits = new Map(cells.map((cell) => [cell, []]));
  for (let y = 0.5; y < height; y += 1) {
    for (let x = 0.5; x < width; x += 1) hits.get(hitPhase(width, height, rows, columns, x, y))?.push([x, y]);
  }
  const context = canvas.getContext("2d");
  return cells.map((cell) => {
    const counts = new Map();
    for (const [x, y] of hits.get(cell)) {
      const color = context.getImageData((x * canvas.width) / width, (y * canvas.height) / height, 1, 1).data.join(",");
      counts.set(color, (counts.get(color) ?? 0) + 1);
    }
    return [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most))[0];
  });
}

function assertNear(actual, expected, tolerance) {
  const error = Math.abs(actual - expected) / Math.abs(expected);
  assert.ok(error <= tolerance, `${actual} differs from ${expected} by a share of ${error}, above ${tolerance}`);
}
