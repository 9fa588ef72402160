// The worker of the timings: ours at both levels and the JavaScript peer, one at a time. It is a source text for a blob, so
// that the page under test needs no file for it.

import { peakSource } from "./peak.mjs";
import { plainSource } from "./plain-peer.mjs";

/**
 * @param {string} base address of the site
 * @returns {string}
 */
export const workerSource = (base) => `
${plainSource}
${peakSource}
const FOLDERS = { "simd128": "simd128", "relaxed-simd": "relaxed" };
const modules = new Map();

async function load(level) {
  if (!modules.has(level)) {
    const folder = "${base}pkg/" + FOLDERS[level];
    const pkg = await import(folder + "/superposition.js");
    const parts = { core: await pkg.default({ module_or_path: folder + "/superposition_bg.wasm" }) };
    for (const name of ["gallery", "seldom"]) {
      parts[name] = (await WebAssembly.instantiateStreaming(fetch(folder + "/" + name + ".wasm"), parts)).instance.exports;
    }
    modules.set(level, { pkg, memory: parts.core.memory });
  }
  return modules.get(level);
}

class Ours {
  constructor(pkg, spec) {
    this.trainer = new pkg.Trainer(JSON.stringify(spec));
  }

  advance(steps) {
    const done = this.trainer.advance(steps);
    if (done !== steps) throw new Error("stopped after " + done + " steps");
  }

  state() {
    const { cells, weights, bias } = this.trainer.snapshot();
    const parts = (all) => Array.from({ length: cells }, (_, k) => [...all.subarray((k * all.length) / cells, ((k + 1) * all.length) / cells)]);
    return { weights: parts(weights), bias: parts(bias) };
  }

  free() {
    this.trainer.free();
  }
}

class Plain {
  constructor({ features, hidden, importance, density, batch }, { weights, bias }) {
    this.models = density.map((p, k) => new PlainModel(features, hidden, importance, p, batch, weights[k], bias[k]));
  }

  advance(steps) {
    for (let s = 0; s < steps; s++) for (const model of this.models) model.step();
  }

  state() {
    const parts = this.models.map((model) => model.state());
    return { weights: parts.map(({ weights }) => weights), bias: parts.map(({ bias }) => bias) };
  }

  free() {}
}

const contestants = new Map();

const handlers = {
  async levels() {
    const levels = [];
    for (const level of Object.keys(FOLDERS)) {
      try {
        await load(level);
        levels.push(level);
      } catch (error) {
        if (!(error instanceof WebAssembly.CompileError)) throw error;
      }
    }
    return { levels };
  },
  async start({ who, spec, workload, from }) {
    contestants.get(who)?.free();
    contestants.delete(who);
    contestants.set(who, who === "javascript" ? new Plain(workload, from) : new Ours((await load(who)).pkg, spec));
    return {};
  },
  advance({ who, steps }) {
    const contestant = contestants.get(who);
    const start = performance.now();
    contestant.advance(steps);
    return { seconds: (performance.now() - start) / 1e3 };
  },
  state: ({ who }) => contestants.get(who).state(),
  memory: ({ who }) => ({ bytes: modules.get(who).memory.buffer.byteLength }),
  peak: ({ modules }) => Object.fromEntries(Object.entries(modules).map(([level, module]) => [level, peakOf(module)])),
};

onmessage = async ({ data }) => {
  try {
    postMessage(await handlers[data.op](data));
  } catch (error) {
    postMessage({ error: String(error?.message ?? error) });
  }
};`;
