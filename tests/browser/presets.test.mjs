// Every preset that a figure offers shows what its sentence says, as it is shipped. PRESET=… in the environment runs those whose
// name holds the text.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CATALOGUE } from "../../www/figures/catalogue.js";
import { assertNoProblems, launchChromium, openPage, siteUrl } from "./harness.mjs";

const LIMIT_MS = 150_000;
let browser;
before(async () => { browser = await launchChromium(); });
after(() => browser.close());

const column = (weights, i) => weights.map((row) => row[i]);
const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
const cosine = (weights, i, j) => {
  const [a, b] = [column(weights, i), column(weights, j)];
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};
/** The instance of a sweep at these values. */
const at = (instances, values) => instances.find(({ spec }) => Object.entries(values).every(([name, value]) => spec[name] === value));

/** What holds for the numbers behind each preset's picture; gives what was measured, in words. */
const CHECKS = {
  "basic-small: All matter alike"({ instances }) {
    const { represented } = at(instances, { density: 0.03, model: "relu" });
    assert.ok(represented.length >= 12, `${represented.length} features`);
    return `${represented.length} features at density 0.03`;
  },
  "basic-small: Too large a step"({ instances }) {
    // With the paper's learning rate these are 1.1e-3 and 1.5e-4.
    const losses = [0.1, 0.01].map((density) => at(instances, { density, model: "relu" }).loss);
    assert.ok(losses[0] > 2.5e-3 && losses[1] > 3.5e-4, `losses ${losses}`);
    return `losses ${losses.map((loss) => loss.toExponential(1)).join(", ")}`;
  },
  "loss-surface: Rare features"({ surfaces: [{ minima }] }) {
    const [pair, other] = [-1, 1].map((sign) => Math.min(...minima.filter(({ weights: [a, b] }) => Math.sign(a * b) === sign).map(({ loss }) => loss)));
    assert.ok(pair < 0.3 * other, `${pair} against ${other}`);
    return `${pair.toExponential(1)} against ${other.toExponential(1)}`;
  },
  "loss-surface: Confused"({ surfaces }) {
    const { minima } = surfaces.find(({ bias }) => bias === "zero");
    const kinds = minima.map(({ weights: [a, b] }) => Math.sign(a * b));
    assert.ok(kinds.includes(1));
    return minima.map(({ kind }) => kind).join(", ");
  },
  "dimensions: Smaller, faster"({ instances }) {
    const [dense, plateau] = [1, 1 / 3].map((density) => instances.find(({ spec }) => Math.abs(spec.density - density) < 1e-9).dimensions_per_feature);
    assert.ok(Math.abs(dense - 1) < 0.03 && Math.abs(plateau - 0.5) < 0.03, `${dense}, ${plateau}`);
    return `D* ${dense.toFixed(3)}, ${plateau.toFixed(3)}`;
  },
  "dimensionality: Smaller, faster"({ instances }) {
    const values = instances.filter(({ spec }) => Math.abs(spec.density - 1 / 3) < 1e-9).flatMap(({ dimensionality }) => dimensionality);
    const count = values.filter((value) => Math.abs(value - 0.5) < 0.01).length;
    assert.ok(count >= 24, `${count} features at 1/2`);
    return `${count} features at 1/2`;
  },
  "perturb: One try each"({ models, curves }) {
    const worse = models.filter(({ relative_density: relative, loss }) => {
      const near = curves.reduce((best, row) => (Math.abs(Math.log(row.relative_density / relative)) < Math.abs(Math.log(best.relative_density / relative)) ? row : best));
      return loss > 1.03 * Math.min(near.pentagon, near.digons);
    });
    assert.ok(models.length === 13 && worse.length >= 2, `${worse.length} of ${models.length}`);
    return `${worse.length} of ${models.length} in a worse arrangement`;
  },
  "correlated: Dense"({ instances }) {
    const least = Math.min(...instances.filter(({ spec: { features } }) => features === 4)
      .flatMap(({ weights, spec: { correlated } }) => correlated.map(([i, j]) => cosine(weights, i, j))));
    assert.ok(least > Math.cos(Math.PI / 18), `a cosine of ${least}`);
    return `cosines of at least ${least.toFixed(4)}`;
  },
  "energy-levels: A plain start"({ jumps }) {
    assert.ok(jumps.length <= 8, `${jumps.length} jumps`);
    return `${jumps.length} jumps`;
  },
  "trajectories: Without sets"({ instances: [{ solution }] }) {
    assert.equal(solution, "octahedron");
    return solution;
  },
  "privileged: One try each"({ instances }) {
    const counts = instances.map(({ neurons, represented }) => [neurons.filter((kind) => kind === "monosemantic").length, represented.length].join("/"));
    assert.notDeepEqual(counts, ["5/5", "3/6", "0/8", "0/10"]);
    return counts.join(", ");
  },
  "absolute-small: Stuck"({ instances: [{ loss }] }) {
    assert.ok(loss > 1e-5, `loss ${loss}`);
    return `loss ${loss.toExponential(1)}`;
  },
  "dictionary: Too few entries"({ dictionary }) {
    const found = dictionary.matches.filter(({ similarity }) => similarity > 0.9).length;
    assert.ok(found < dictionary.matches.length / 2, `${found} of ${dictionary.matches.length}`);
    return `${found} of ${dictionary.matches.length} found`;
  },
  "playground: A pentagon"({ instances: [{ solution }] }) {
    assert.equal(solution, "pentagon");
    return solution;
  },
  "playground: An octahedron"({ instances: [{ solution }] }) {
    assert.equal(solution, "octahedron");
    return solution;
  },
  "playground: A local minimum"({ instances }) {
    const best = instances.reduce((least, each) => (each.loss < least.loss ? each : least));
    const stuck = instances.filter(({ solution }) => solution === "square");
    assert.ok(best.solution === "pentagon" && stuck.length >= 1, instances.map(({ solution }) => solution).join(", "));
    assert.ok(stuck.every(({ loss }) => loss > 1.05 * best.loss));
    return `${stuck.length} of ${instances.length} stuck`;
  },
  "playground: Too large a step"({ instances: [{ solution, loss }] }) {
    assert.ok(solution !== "pentagon" && loss > 4e-3, `${solution}, loss ${loss}`);
    return `${solution}, loss ${loss.toExponential(1)}`;
  },
};

const PRESETS = Object.entries(CATALOGUE).flatMap(([id, { presets = [] }]) => presets.map((preset) => ({ id, ...preset })));

test("every preset has a claim and a check", () => {
  assert.deepEqual(Object.keys(CHECKS).sort(), PRESETS.map(({ id, name }) => `${id}: ${name}`).sort());
  for (const { claim } of PRESETS) assert.match(claim, /^[A-Z][^\n]{30,}\.$/);
});

for (const { id, name, spec } of PRESETS) {
  const full = `${id}: ${name}`;
  test(`${full} shows what it says`, { skip: process.env.PRESET !== undefined && !full.includes(process.env.PRESET) }, async (t) => {
    const { page, problems, close } = await openPage(siteUrl(`?v=1&figure=${id}&spec=${encodeURIComponent(JSON.stringify(spec))}`), { browser });
    try {
      await page.waitForFunction((id) => ["done", "failed"].includes(document.querySelector(`superposition-figure[figure="${id}"] > .card`)?.dataset.phase), id, { timeout: LIMIT_MS });
      const figure = page.locator(`superposition-figure[figure="${id}"]`);
      assert.equal(await figure.locator("[role=alert]").first().textContent(), "");
      t.diagnostic(CHECKS[full](await figure.evaluate((element) => element.data())));
      assertNoProblems(problems);
    } finally {
      await close();
    }
  });
}
