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
const sum = (values) => values.reduce((total, value) => total + value, 0);
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
  "basic-large: Far too short"({ instances }) {
    const { represented } = at(instances, { density: 1, model: "linear" });
    assert.ok(represented.length >= 30, `${represented.length} features`);
    return `${represented.length} features in twenty dimensions`;
  },
  "loss-terms: All matter alike"({ models }) {
    const linear = models.filter(({ model }) => model === "linear");
    const shares = linear.map(({ feature_benefit: own, interference }) => sum(interference) / (sum(own) + sum(interference)));
    assert.ok(linear.length > 2 && linear.every(({ represented }) => represented >= 3), `${linear.map(({ represented }) => represented)} features`);
    // With falling importance it is 1% at the lowest density.
    assert.ok(Math.min(...shares) > 0.2, `shares of interference ${shares}`);
    return `at least ${Math.min(...linear.map(({ represented }) => represented))} features, ${(100 * Math.min(...shares)).toFixed(0)}% interference`;
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
  "polytopes: Up to five"({ frames }) {
    const { solution, dimensionality } = frames.find(({ title }) => title === "5 points");
    const count = (value) => dimensionality.filter((d) => Math.abs(d - value) < 1e-3).length;
    assert.deepEqual([solution, count(2 / 3), count(1 / 2)], ["triangular-bipyramid", 3, 2]);
    assert.ok(frames.every(({ title }) => title !== "6 points"));
    return solution;
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
  "anticorrelated: Sets of three"({ instances }) {
    const cosines = instances.flatMap(({ weights }) => [[0, 1], [0, 2], [1, 2], [3, 4], [3, 5], [4, 5]].map(([i, j]) => cosine(weights, i, j)));
    assert.ok(instances.length === 5 && cosines.every((value) => Math.abs(value + 0.5) < 0.03), `cosines ${cosines}`);
    assert.ok(instances.every(({ solution }) => solution === "6-gon"), instances.map(({ solution }) => solution).join(", "));
    return `cosines ${Math.min(...cosines).toFixed(3)} to ${Math.max(...cosines).toFixed(3)}`;
  },
  "anticorrelated: One try each"({ instances }) {
    const isStuck = ({ loss, weights }) => loss > 1e-4 && Math.abs(cosine(weights, 0, 1)) < 0.05 && Math.abs(cosine(weights, 2, 3)) < 0.05;
    const stuck = instances.filter(isStuck);
    assert.ok(instances.length === 5 && stuck.length === 1, `${stuck.length} of ${instances.length}`);
    assert.ok(instances.every((each) => isStuck(each) || each.loss < 1e-6));
    return `seed ${stuck[0].spec.seed}, loss ${stuck[0].loss.toExponential(1)}`;
  },
  "local-bases: Twice as frequent"({ instances }) {
    const worst = instances.map(({ weights, spec: { correlated } }) => Math.max(...correlated.flatMap((set) =>
      set.flatMap((i, at) => set.slice(at + 1).map((j) => Math.abs(cosine(weights, i, j)))))));
    const stuck = worst.filter((value) => value > 0.29 && value < 0.55);
    assert.ok(instances.length === 4 && stuck.length >= 2, `cosines up to ${worst}`);
    return `cosines up to ${worst.map((value) => value.toFixed(2)).join(", ")}`;
  },
  "collapse: One try each"({ instances }) {
    const merged = (density) => {
      const { weights, spec: { correlated } } = at(instances, { density });
      return correlated.filter(([i, j]) => cosine(weights, i, j) > Math.cos(Math.PI / 18)).length;
    };
    assert.deepEqual([0.03, 0.1, 0.35].map(merged), [0, 0, 3]);
    return "0 and 3 pairs merged";
  },
  "energy-levels: A plain start"({ jumps }) {
    assert.ok(jumps.length <= 8, `${jumps.length} jumps`);
    return `${jumps.length} jumps`;
  },
  "trajectories: Without sets"({ instances: [{ solution }] }) {
    assert.equal(solution, "octahedron");
    return solution;
  },
  "adversarial: Smaller, faster"({ correlation, relative_vulnerability: vulnerability }) {
    assert.ok(correlation > 0.97 && vulnerability.at(-1) > 3, `${correlation}, ${vulnerability}`);
    return `${vulnerability.at(-1).toFixed(1)} times, correlation ${correlation.toFixed(3)}`;
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
  "absolute-large: A plain start"({ instances }) {
    const { loss, weights, decoder } = at(instances, { density: 0.1 });
    // From a non-negative decoder it is 6.0e-4.
    assert.ok(loss > 1.3e-3 && loss < 2.5e-3, `loss ${loss}`);
    // What an output gets from its own positive side and from its own negative one.
    const oneSided = decoder.slice(0, 16).filter((row, i) => {
      const side = (sign) => row.reduce((total, out, k) => total + Math.max(0, sign * weights[k][i]) * out, 0);
      return Math.max(side(1), side(-1)) > 0.4 && Math.min(side(1), side(-1)) < 0.2;
    }).length;
    assert.ok(oneSided >= 4, `${oneSided} features are one-sided`);
    return `loss ${loss.toExponential(1)}, ${oneSided} one-sided`;
  },
  "asymmetric: Twice as many features"({ motifs }) {
    const counts = motifs.map((found) => found.length);
    assert.ok(counts.length === 6 && counts.every((count) => count >= 1) && counts.filter((count) => count > 1).length > 3, `motifs ${counts}`);
    return `motifs ${counts.join(", ")}`;
  },
  "without: Far too strong"({ penalties }) {
    const kept = Object.fromEntries(penalties.map(({ strength, features }) => [strength, features]));
    assert.ok(kept[0] >= 8 && kept[0.1] === 0, JSON.stringify(kept));
    return `${kept[0]} without, ${kept[0.1]} with it`;
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
