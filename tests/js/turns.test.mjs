// The frames that all figures share, on a clock of the test's own: drawing takes as long as the test says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { afterDrawing, frameScheduler, hasRoom, whenSlow } from "../../www/figures/turns.js";

let now = 0;
let callbacks = [];
performance.now = () => now;
globalThis.requestAnimationFrame = (callback) => callbacks.push(callback);

/** The next frame. */
function frame() {
  const due = callbacks;
  callbacks = [];
  for (const callback of due) callback();
}

/** A figure of panels that take so long each; what it drew is noted, and it draws each panel once. */
function figure(name, costs, log) {
  const left = costs.map((cost, idx) => ({ cost, label: `${name}${idx}` }));
  const frames = frameScheduler(() => {
    while (left.length > 0) {
      if (!hasRoom(left[0].cost)) {
        frames.ask();
        return;
      }
      now += left[0].cost;
      log.push(left.shift().label);
    }
  });
  return frames;
}

test("a frame draws what fits, the rest comes in the next ones, and nothing is left out", () => {
  const log = [];
  figure("a", [4, 4, 3, 30, 1], log).ask();
  const drawn = [];
  while (callbacks.length > 0) {
    frame();
    drawn.push(log.splice(0));
  }
  assert.deepEqual(drawn, [["a0", "a1"], ["a2"], ["a3"], ["a4"]]);
});

test("a figure that had to wait comes first", () => {
  const log = [];
  // The first always has something small to draw.
  const busy = frameScheduler(() => {
    if (hasRoom(1)) now += 1;
    busy.ask();
  });
  busy.ask();
  figure("b", [30], log).ask();
  frame();
  assert.deepEqual(log, []);
  frame();
  assert.deepEqual(log, ["b0"]);
  busy.cancel();
  frame();
});

test("figures are asked once a frame, and one that is gone is not asked", () => {
  let n = 0;
  const [one, gone] = [frameScheduler(() => { n += 1; }), frameScheduler(() => { n += 100; })];
  for (const { ask } of [one, one, gone]) ask();
  gone.cancel();
  assert.equal(callbacks.length, 1);
  frame();
  assert.equal(n, 1);
});

test("a figure that fails takes no other with it", () => {
  const told = [];
  globalThis.reportError = (error) => told.push(error.message);
  const log = [];
  frameScheduler(() => { throw new Error("no picture"); }).ask();
  figure("a", [1], log).ask();
  frame();
  assert.deepEqual([log, told], [["a0"], ["no picture"]]);
});

test("texts are written when all is drawn, in order, whoever fails; outside of a frame at once", () => {
  const log = [];
  const failures = [];
  globalThis.reportError = (error) => failures.push(error.message);
  for (const name of ["a", "b", "c"]) {
    frameScheduler(() => {
      log.push(`draw ${name}`);
      afterDrawing(() => {
        if (name === "b") throw new Error("b fails");
        log.push(`tell ${name}`);
      });
    }).ask();
  }
  frame();
  assert.deepEqual(log.splice(0), ["draw a", "draw b", "draw c", "tell a", "tell c"]);
  assert.deepEqual(failures, ["b fails"]);
  afterDrawing(() => log.push("at once"));
  assert.deepEqual(log, ["at once"]);
});

test("a slow frame is told once in a while, a quick one is not", async () => {
  // The frames of the tests before were slow, too.
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  now += 1000;
  let told = 0;
  whenSlow(() => { told += 1; });
  const toldAfter = async (cost) => {
    told = 0;
    figure("s", [cost], []).ask();
    frame();
    // A port of Node's may take more than a turn.
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    return told;
  };
  assert.equal(await toldAfter(5), 0);
  assert.equal(await toldAfter(40), 1);
  assert.equal(await toldAfter(40), 0, "the next at once is not told");
  now += 1000;
  assert.equal(await toldAfter(40), 1);
});
