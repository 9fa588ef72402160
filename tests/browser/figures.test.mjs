// Every figure of the catalogue, alone in a page, trained from a seed that is taken when the test runs and from no stored weights:
// the numbers behind its picture show what the figure claims. Rules and bounds are those of src/claims/, whose docs say how often
// they fail; where a run here is shorter than the preset, the row says what was changed. FIGURE=id in the environment runs one
// figure, SEED=… repeats a run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { assertNoProblems, launchChromium, openPage, savedText, siteUrl } from "./harness.mjs";

const SEED = process.env.SEED === undefined ? Date.now() % 100_000 : Number(process.env.SEED);
/** A figure that takes longer than this has failed. */
const LIMIT_MS = 150_000;

const preset = (id) => JSON.parse(readFileSync(new URL(`../../presets/${id}.json`, import.meta.url), "utf8"));

let browser;
before(async () => { browser = await launchChromium(); });
after(() => browser.close());

/** Column i of a matrix of rows. */
const column = (weights, i) => weights.map((row) => row[i]);
const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
const norm = (a) => Math.sqrt(dot(a, a));
const cosine = (weights, i, j) => dot(column(weights, i), column(weights, j)) / (norm(column(weights, i)) * norm(column(weights, j)));
const sum = (values) => values.reduce((total, value) => total + value, 0);
const range = (n) => Array.from({ length: n }, (_, idx) => idx);
/** Every feature of a model has a direction. */
const allLong = (weights) => range(weights[0].length).every((i) => norm(column(weights, i)) > 0.5);
/** Pairs of members of one set, and of two. */
const pairsWithin = (sets) => sets.flatMap((set) => set.flatMap((i, at) => set.slice(at + 1).map((j) => [i, j])));
const pairsAcross = (sets) => sets.flatMap((set, at) => sets.slice(at + 1).flatMap((other) => set.flatMap((i) => other.map((j) => [i, j]))));
const countNear = (values, at, within = 0.005) => values.filter((value) => Math.abs(value - at) < within).length;
const assertBetween = (value, low, high, what) => assert.ok(value >= low && value <= high, `${what} is ${value}, expected ${low} to ${high}`);

/** Neurons of an absolute value model that stand for one side of one feature, with the product of their weights. */
function sides({ weights, decoder, neurons }) {
  const found = decoder.map(() => ({ positive: [], negative: [] }));
  weights.forEach((row, k) => {
    if (neurons[k] !== "monosemantic") return;
    const feature = row.reduce((best, value, i) => (Math.abs(value) > Math.abs(row[best]) ? i : best), 0);
    found[feature][row[feature] > 0 ? "positive" : "negative"].push(Math.abs(row[feature]) * decoder[feature][k]);
  });
  return found;
}

/**
 * What is run, and what its numbers must say. `spec` is what differs from the preset beside the seed.
 *
 * @type {Record<string, {spec?: object, check: (data: object, spec: object, t: import("node:test").TestContext) => void}>}
 */
const FIGURES = {
  // Linear models keep m features; ReLU models more and more as features get rarer.
  "basic-small": { check: (data, spec, t) => checkBasic(data, spec, t, { atLeast: [[0.01, 9]] }) },
  // Four of the seven densities, 4000 of 10000 steps at a higher rate that falls to 0. So few steps leave features at the border, whose
  // importances hardly differ, undecided: of 27 seeds ten had a linear model of 21 features, one of them 22.
  "basic-large": {
    spec: {
      steps: 4000, learning_rate: 0.003, schedule: "cosine",
      sweep: [{ field: "density", values: [1, 0.1, 0.01, 0.001] }, { field: "model", values: ["linear", "relu"] }],
    },
    check: (data, spec, t) => checkBasic(data, spec, t, { atLeast: [[0.1, 27], [0.01, 40]], undecided: 2 }),
  },
  "loss-terms": {
    check({ models }, spec, t) {
      assert.equal(models.length, 26);
      const total = (terms) => sum([terms].flat());
      for (const kind of ["linear", "relu"]) {
        const own = models.filter(({ model }) => model === kind);
        const rows = own.map(({ density, represented, feature_benefit: benefit, interference }) => [density, represented, total(benefit), total(interference)]);
        t.diagnostic(`${kind}: ${rows.map(([density, represented]) => `${represented} at ${density.toFixed(3)}`).join(", ")}`);
        const [, nSparse, benefit, interference] = rows.at(-1);
        const [, nDense] = rows[0];
        if (kind === "linear") {
          // One feature a dimension however rare they are, and then nothing interferes.
          for (const [, represented] of rows) assert.equal(represented, spec.hidden);
          assert.ok(interference < 0.01 * benefit, `${interference} interferes in a linear model without superposition`);
        } else {
          assert.ok(nSparse === 5 && nSparse > nDense, `${nSparse} features at the lowest density, ${nDense} at the highest`);
          assert.ok(interference > 0 && interference < benefit * 50);
        }
      }
      // What superposition saves in features is more than the interference that it brings.
      const ofSparsest = (kind) => models.filter(({ model }) => model === kind).at(-1);
      const loss = ({ feature_benefit: benefit, interference }) => total(benefit) + total(interference);
      assert.ok(loss(ofSparsest("relu")) < 0.5 * loss(ofSparsest("linear")));
    },
  },
  // Descents from random starts end in minima that theory names, on both surfaces; without a bias one of them has two weights of one sign.
  "loss-surface": {
    check({ surfaces }, spec, t) {
      assert.deepEqual(surfaces.map(({ bias }) => bias), ["zero", "best"]);
      for (const { bias, minima, paths } of surfaces) {
        const ends = paths.map((path) => path.at(-1));
        assert.equal(ends.length, spec.restarts.count);
        const counts = minima.map(() => 0);
        for (const [x, y] of ends) {
          const at = minima.findIndex(({ weights: [a, b] }) => Math.min(Math.hypot(x - a, y - b), Math.hypot(x + a, y + b)) < 1e-3);
          assert.ok(at >= 0, `a descent with the bias "${bias}" ends at ${x}, ${y}, where there is no minimum`);
          counts[at] += 1;
        }
        t.diagnostic(`${bias}: ${minima.map(({ kind }, idx) => `${counts[idx]} in ${kind}`).join(", ")}`);
        const signs = minima.map(({ weights: [a, b] }) => Math.sign(a * b));
        assert.ok(signs.includes(-1) && signs.includes(1), "an antipodal and a confused minimum");
        const lowest = minima.reduce((best, each) => (each.loss < best.loss ? each : best));
        assert.equal(Math.sign(lowest.weights[0] * lowest.weights[1]), -1, "the antipodal one is the lowest");
      }
    },
  },
  // Four of twenty densities, a third of the steps at five times the rate, falling to 0, as in the quick claim.
  dimensions: {
    spec: { steps: 2000, learning_rate: 0.005, schedule: "cosine", sweep: [{ field: "density", values: [1, 1 / 3, 0.1, 0.05] }] },
    check({ instances }, spec, t) {
      const dStar = instances.map((instance) => instance.dimensions_per_feature);
      t.diagnostic(`D* ${dStar.map((value) => value.toFixed(4)).join(", ")}`);
      assertBetween(dStar[0], 0.98, 1.02, "D* at density 1");
      assertBetween(dStar[1], 0.48, 0.52, "D* at density 1/3");
      assert.ok(dStar[2] < 0.45 && dStar[3] < dStar[2], "beyond the plateau it falls on");
      for (const { dimensionality } of instances) assertBetween(sum(dimensionality), 0.99 * spec.hidden, 1.01 * spec.hidden, "the sum of D_i");
    },
  },
  // Two densities of the line at 1/2, one seed, fewer steps, as in the quick claim.
  dimensionality: {
    spec: { steps: 2000, learning_rate: 0.005, restarts: { count: 1, keep: "all" }, sweep: [{ field: "density", values: [0.4, 1 / 3] }] },
    check({ instances }, spec, t) {
      for (const { dimensionality } of instances) {
        const [on, below, above] = [0.5, 0.4875, 0.5125].map((at) => countNear(dimensionality, at));
        t.diagnostic(`${on} features at 1/2, ${below} below, ${above} above`);
        assert.ok(on >= 10 && on >= 2 * Math.max(below, above));
      }
    },
  },
  // Thomson's solutions, with the names of the solids and their dimensionalities. Nothing is trained.
  polytopes: {
    check({ frames }, spec, t) {
      const named = new Map(frames.map((frame) => [frame.solution, frame]));
      t.diagnostic([...named.keys()].join(", "));
      for (const [solution, expected] of [["tetrahedron", [0.75]], ["octahedron", [0.5]], ["triangular-bipyramid", [0.5, 2 / 3]], ["icosahedron", [0.25]], ["triangle", [2 / 3]]]) {
        const frame = named.get(solution);
        assert.ok(frame, `there is no ${solution}`);
        for (const value of frame.dimensionality) assert.ok(expected.some((each) => Math.abs(value - each) < 1e-4), `${solution}: D_i = ${value}`);
      }
      // The points themselves: six of the octahedron are at right or straight angles.
      const { weights } = named.get("octahedron");
      for (const [i, j] of pairsWithin([range(6)])) assert.ok([0, -1].some((value) => Math.abs(cosine(weights, i, j) - value) < 1e-4));
    },
  },
  // Two of the thirteen densities, as in the quick claim: at 0.25 of the others' two digons are better, at 0.4 the pentagon.
  perturb: {
    spec: { sweep: [{ field: "density[0]", values: [0.0125, 0.02] }], restarts: { count: 24, keep: "all" } },
    check({ crossing, curves, models, base_density: base }, spec, t) {
      assertBetween(crossing, 0.264, 0.274, "the relative density at which the losses cross");
      assert.equal(base, 0.05);
      for (const [relative, best] of [[0.25, "two digons"], [0.4, "pentagon"]]) {
        const own = models.filter((model) => Math.abs(model.relative_density - relative) < 1e-6);
        assert.equal(own.length, 24);
        const lowest = own.reduce((least, model) => (model.loss < least.loss ? model : least));
        const at = curves.reduce((near, row) => (Math.abs(row.relative_density - relative) < Math.abs(near.relative_density - relative) ? row : near));
        const exact = best === "pentagon" ? at.pentagon : at.digons;
        t.diagnostic(`at ${relative}: ${lowest.solution}, ${(100 * (lowest.loss / exact - 1)).toFixed(3)}% above the exact loss`);
        assert.equal(lowest.solution, best);
        // The output that digons drop may end silent: it then answers 0 in place of the mean, p/2, which costs p²/4 more of one output.
        const silent = exact + (best === "pentagon" ? 0 : (relative * base) ** 2 / 4 / 5);
        assert.ok([exact, silent].some((expected) => Math.abs(lowest.loss / expected - 1) < 0.005));
      }
    },
  },
  correlated: {
    check({ instances }, spec, t) {
      const own = instances.filter(({ spec: { features } }) => features === 4);
      assert.equal(own.length, 5);
      const largest = Math.max(...own.flatMap(({ weights }) => pairsWithin(spec.correlated).map(([i, j]) => Math.abs(cosine(weights, i, j)))));
      t.diagnostic(`|cos| at most ${largest.toFixed(4)} within a set`);
      assert.ok(own.every(({ weights }) => allLong(weights)) && largest < 0.1);
      // The figure's other half: three sets of two, side by side in a hexagon.
      const hexagons = instances.filter(({ spec: { features } }) => features === 6);
      for (const { weights, spec: { correlated } } of hexagons) {
        const angles = range(6).map((i) => [(Math.atan2(weights[1][i], weights[0][i]) * 180) / Math.PI, i]).sort(([a], [b]) => a - b);
        angles.forEach(([angle], idx) => assertBetween((angles[(idx + 1) % 6][0] - angle + 360) % 360, 45, 75, "the angle of neighbours"));
        for (const [i, j] of correlated) {
          const place = (feature) => angles.findIndex(([, each]) => each === feature);
          assert.ok([1, 5].includes(Math.abs(place(i) - place(j))), `features ${i} and ${j} of a set are neighbours`);
        }
      }
    },
  },
  anticorrelated: {
    check({ instances }, spec, t) {
      assert.equal(instances.length, 5);
      for (const { weights } of instances) {
        assert.ok(allLong(weights));
        for (const [i, j] of pairsWithin(spec.anticorrelated)) assert.ok(cosine(weights, i, j) < -0.99);
        for (const [i, j] of pairsAcross(spec.anticorrelated)) assert.ok(Math.abs(cosine(weights, i, j)) < 0.1);
      }
      t.diagnostic(`losses ${instances.map(({ loss }) => loss.toExponential(1)).join(", ")}`);
    },
  },
  "local-bases": {
    check({ instances }, spec, t) {
      for (const { weights } of instances) {
        const largest = (pairs) => Math.max(...pairs.map(([i, j]) => Math.abs(cosine(weights, i, j))));
        const [within, across] = [largest(pairsWithin(spec.correlated)), largest(pairsAcross(spec.correlated))];
        t.diagnostic(`|cos| at most ${within.toFixed(3)} within a set, ${across.toFixed(3)} across`);
        assert.ok(allLong(weights) && within < 0.15 && across > 0.3);
      }
    },
  },
  // The best of twice as many as in the preset, as the claim has it.
  collapse: {
    spec: { restarts: { count: 48, keep: "best" } },
    check({ instances }, spec, t) {
      const collapsed = instances.map(({ weights }) => spec.correlated.filter(([i, j]) =>
        cosine(weights, i, j) > Math.cos(Math.PI / 18) && [i, j].every((k) => norm(column(weights, k)) > 0.2)).length);
      t.diagnostic(`${collapsed.join(", ")} collapsed pairs`);
      assert.deepEqual(collapsed, [0, 1, 2, 2, 3]);
    },
  },
  // The claim's 80% of the jumps are those of six runs together; of 105 single runs two had fewer, the least 76%.
  "energy-levels": {
    check({ instances: [{ solution, dimensionality, history }], jumps, jumps_and_drops: drops }, spec, t) {
      t.diagnostic(`${jumps.length} jumps, ${JSON.stringify(drops)}, ${solution}`);
      assert.ok(jumps.length > 0);
      assert.ok(drops.n_with_drop >= 0.6 * drops.n_jumps && drops.p_value < 0.01);
      assert.equal(countNear(dimensionality, 0.5, 0.02), 20, "twenty features of ten digons");
      assert.ok(history.steps.length >= 900);
    },
  },
  trajectories: {
    check({ instances: [{ solution, weights }], regimes }, spec, t) {
      t.diagnostic(`${solution}, ${regimes.breaks.length + 1} regimes`);
      assert.equal(solution, "octahedron");
      // Opposite vertices belong to different sets.
      const [first, second] = spec.correlated;
      for (const i of first) assert.equal(second.filter((j) => cosine(weights, i, j) < -0.97).length, 1);
      assert.ok(regimes.breaks.length + 1 >= 3);
    },
  },
  // Five of thirteen densities and half of the steps, as in the quick claim.
  adversarial: {
    spec: { steps: 1500, sweep: [{ field: "density", from: 1, to: 0.01, count: 5, scale: "log" }] },
    check({ relative_vulnerability: relative, correlation, models }, spec, t) {
      t.diagnostic(`${relative.at(-1).toFixed(2)} times as vulnerable, r = ${correlation.toFixed(3)}`);
      assert.equal(models.length, 5);
      assert.ok(relative.at(-1) > 3 && correlation > 0.9);
    },
  },
  // The two densities whose best solution is found often, of 64 restarts, as in the quick claim.
  privileged: {
    spec: { restarts: { count: 64, keep: "best" }, sweep: [{ field: "density", values: [0.7, 0.3] }] },
    check({ instances }, spec, t) {
      // A neuron whose largest weight is negative only silences.
      const counts = instances.map(({ neurons, weights, represented }) => [
        neurons.filter((kind, k) => kind === "monosemantic" && weights[k].reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)) > 0).length,
        represented.length,
      ]);
      t.diagnostic(counts.map(([mono, features]) => `${mono} monosemantic, ${features} features`).join("; "));
      assert.deepEqual(counts, [[5, 5], [3, 6]]);
      // Three features in two neurons, as a binary code.
      const { neurons, weights } = instances[1];
      const shared = range(5).filter((k) => neurons[k] === "polysemantic");
      assert.equal(shared.length, 2);
      const words = range(10).map((i) => shared.map((k) => weights[k][i])).filter((word) => word.every((value) => Math.abs(value) > 0.5))
        .map((word) => word.map((value) => (value > 0 ? "+" : "-")).join(""));
      assert.deepEqual(words.sort(), ["++", "+-", "-+"]);
    },
  },
  "absolute-small": {
    check({ instances: [instance] }, spec, t) {
      t.diagnostic(`loss ${instance.loss.toExponential(1)}`);
      assert.ok(instance.loss < 1e-7);
      for (const { positive, negative } of sides(instance)) {
        for (const products of [positive, negative]) {
          assert.equal(products.length, 1);
          assertBetween(products[0], 0.99, 1.01, "input times output weight");
        }
      }
    },
  },
  // Three of seven densities, 4000 of 10000 steps at a higher rate, as in the quick claim.
  "absolute-large": {
    spec: { steps: 4000, learning_rate: 0.005, sweep: [{ field: "density", values: [1, 0.003, 0.001] }] },
    check({ instances }, spec, t) {
      const counts = instances.map(({ neurons }) => neurons.filter((kind) => kind === "monosemantic").length);
      t.diagnostic(`${counts.join(", ")} monosemantic neurons`);
      assert.ok(counts[0] >= 37 && counts[1] <= 1 && counts[2] <= 1);
    },
  },
  // Eight models, as in the quick claim.
  asymmetric: {
    spec: { restarts: { count: 8, keep: "all" } },
    check({ motif, motifs }, spec, t) {
      t.diagnostic(`strength ${motif.strength.toFixed(2)}, ratio ${motif.ratio.toFixed(1)}, ${(100 * motif.inhibition).toFixed(0)}% taken back`);
      assert.ok(motif.strength >= 0.6 && motif.ratio >= 2 && motif.inhibition >= 0.8);
      assert.ok(motifs.filter((found) => found.length > 0).length * 3 >= motifs.length);
    },
  },
  // Six penalties, the best of two, as in the quick claim.
  without: {
    spec: { restarts: { count: 2, keep: "best" }, sweep: [{ field: "hidden_l1", values: [0, 0.005, 0.0075, 0.01, 0.0125, 0.015] }] },
    check({ penalties, attacks }, spec, t) {
      assert.ok(penalties[0].mean_dimensionality <= 0.7, "features share dimensions without a penalty");
      const free = penalties.find((outcome) => outcome.mean_dimensionality >= 0.98 && outcome.features >= 3);
      assert.ok(free, "no penalty ends superposition");
      t.diagnostic(`λ = ${free.strength} keeps ${free.features} features apart`);
      assert.ok(free.loss > penalties[0].loss);
      const ended = attacks.find(({ features, mean_dimensionality: mean }) => features >= 1 && features <= spec.hidden && mean >= 0.85);
      assert.ok(ended, "no attack ends superposition");
      t.diagnostic(`attacks of ${ended.strength} input lengths end it`);
    },
  },
  // Half of the steps.
  dictionary: {
    spec: { steps: 2000 },
    check({ dictionary, instance: { represented } }, spec, t) {
      t.diagnostic(`mean similarity ${dictionary.feature_similarity.toFixed(4)} of ${dictionary.matches.length} features`);
      assert.ok(represented.length > 20 && dictionary.feature_similarity >= 0.95);
    },
  },
  // Any spec: here six features that form an octahedron.
  playground: {
    spec: { features: 6, hidden: 3, importance: 1, density: 0.1, steps: 6000, restarts: { count: 8, keep: "best" } },
    check({ instances: [{ solution, weights, loss }] }, spec, t) {
      t.diagnostic(`${solution}, loss ${loss.toExponential(2)}`);
      assert.equal(solution, "octahedron");
      assert.ok(allLong(weights));
    },
  },
};

function checkBasic({ instances }, spec, t, { atLeast, undecided = 0 }) {
  const [densities, models] = spec.sweep.map(({ values }) => values);
  const counts = densities.map((_, row) => models.map((_, at) => instances[row * models.length + at].represented.length));
  t.diagnostic(`linear ${counts.map(([linear]) => linear).join(", ")}; ReLU ${counts.map(([, relu]) => relu).join(", ")} features`);
  for (const [linear] of counts) assertBetween(linear, spec.hidden, spec.hidden + undecided, "features of a linear model");
  const relu = counts.map(([, count]) => count);
  assertBetween(relu[0], spec.hidden - 1, spec.hidden + 1 + undecided, "features at density 1");
  relu.forEach((count, row) => assert.ok(row === 0 || count >= relu[row - 1] - 1, `${count} features after ${relu[row - 1]}`));
  for (const [density, least] of atLeast) assert.ok(relu[densities.indexOf(density)] >= least, `fewer than ${least} features at density ${density}`);
}

for (const [id, { spec = {}, check }] of Object.entries(FIGURES)) {
  test(`${id} reaches its claim`, { skip: isSkipped(id) }, async (t) => {
    t.diagnostic(`SEED=${SEED} repeats this test`);
    await run(SEED).catch((error) => {
      // A claim about what is learned from a seed that nobody has seen is missed by one seed in some dozens: by two, it is wrong.
      if (error.code !== "ERR_ASSERTION") throw error;
      t.diagnostic(`missed from seed ${SEED}: ${error.message}`);
      return run(SEED + 1);
    });

    async function run(seed) {
      const seeds = id === "correlated" || id === "anticorrelated"
        ? { sweep: [{ field: "seed", values: range(5).map((idx) => seed + 100 * idx) }] } : { seed };
      const patch = { ...spec, ...seeds };
      const begin = performance.now();
      const { page, problems, close } = await openPage(siteUrl(`?v=1&figure=${id}&spec=${encodeURIComponent(JSON.stringify(patch))}`), { browser });
      try {
        const card = `superposition-figure[figure="${id}"] > .card`;
        await page.waitForFunction((card) => ["done", "failed"].includes(document.querySelector(card)?.dataset.phase), card, { timeout: LIMIT_MS });
        const data = await page.evaluate(async (id) => {
          const element = document.querySelector(`superposition-figure[figure="${id}"]`);
          const message = element.querySelector("[role=alert]").textContent;
          return message === "" ? element.data() : { message };
        }, id);
        assert.equal(data.message, undefined);
        t.diagnostic(`${((performance.now() - begin) / 1000).toFixed(1)} s`);
        check(data, { ...preset(id), ...patch }, t);
        // The reader is told, in words and with a picture of every panel.
        assert.ok((await page.locator(`${card} .verdict`).textContent()).length > 20);
        const blank = await page.evaluate(async (card) => {
          const canvases = [...document.querySelectorAll(`${card} .view canvas`)];
          const isBlank = (canvas) => canvas.width < 50 || !canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value !== 0);
          const [first] = canvases;
          for (let frame = 0; frame < 60 && isBlank(first); frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
          return canvases.length === 0 || isBlank(first);
        }, card);
        assert.equal(blank, false);
        assertNoProblems(problems);
      } finally {
        await close();
      }
    }
  });
}

// The opening figure: the solution of lowest loss at each density, of the best of 16.
test("intro reaches its claim", { skip: isSkipped("intro") }, async (t) => {
  t.diagnostic(`SEED=${SEED} repeats this test`);
  const patch = encodeURIComponent(JSON.stringify({ seed: SEED, restarts: { count: 16, keep: "best" }, learning_rate: 0.003, schedule: "cosine", steps: 5000 }));
  const { page, problems, close } = await openPage(siteUrl(`?v=1&figure=intro&spec=${patch}`), { browser });
  const figure = page.locator('superposition-figure[figure="intro"]');
  await figure.locator("details.settings > summary").click();
  await figure.getByLabel("Speed").selectOption("full");
  await page.waitForFunction(() => [...document.querySelectorAll(".panels .panel")].every(({ dataset }) => ["done", "converged"].includes(dataset.status)), null, { timeout: LIMIT_MS });
  const solutions = await page.$$eval(".panels .panel", (panels) => panels.map(({ dataset }) => dataset.solution));
  assert.deepEqual(solutions, ["orthogonal-pair", "square", "pentagon"]);
  assertNoProblems(problems);
  await close();
});

// Both phase diagrams: theory and experiment agree in the cells that touch no boundary. With three features 96 in 100 do on the
// preset's grid (presets/README.md says which do not).
for (const [id, least, field] of [["phase-2-1", 0.95, "importance[1]"], ["phase-3-2", 0.9, "importance[2]"]]) {
  test(`${id} reaches its claim`, { skip: isSkipped(id) }, async (t) => {
    t.diagnostic(`SEED=${SEED} repeats this test`);
    const size = 24;
    const sweep = [{ field: "density", from: 1, to: 0.01, count: size, scale: "log" }, { field, from: 0.1, to: 10, count: size, scale: "log" }];
    const { page, problems, close } = await openPage(siteUrl(`?v=1&figure=${id}&spec=${encodeURIComponent(JSON.stringify({ seed: SEED, sweep }))}`), { browser });
    const card = `superposition-figure[figure="${id}"] > .card`;
    const waitFor = (phase) => page.waitForFunction(({ card, phase }) => document.querySelector(card)?.dataset.phase === phase, { card, phase }, { timeout: LIMIT_MS });
    await waitFor("idle");
    const begin = performance.now();
    await page.locator(card).getByRole("button", { name: "Run the grid" }).click();
    await waitFor("done");
    const rows = (await savedText(page, id, "Cells (CSV)")).trimEnd().split("\n").slice(1).map((line) => line.split(",").map(Number));
    assert.equal(rows.length, size * size);
    const theory = rows.map((row) => row[5]);
    const isInner = (idx) => [-1, 0, 1].every((dy) => [-1, 0, 1].every((dx) => {
      const [y, x] = [Math.floor(idx / size) + dy, (idx % size) + dx];
      return y < 0 || x < 0 || y >= size || x >= size || theory[y * size + x] === theory[idx];
    }));
    const inner = rows.filter((_, idx) => isInner(idx));
    const agreeing = inner.filter((row) => row[4] === row[5]);
    t.diagnostic(`${agreeing.length} of ${inner.length} cells agree, ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    assert.ok(agreeing.length >= least * inner.length);
    assert.equal(new Set(rows.map((row) => row[4])).size, id === "phase-2-1" ? 3 : 4, "every class is there");
    assertNoProblems(problems);
    await close();
  });
}

function isSkipped(id) {
  return process.env.FIGURE !== undefined && process.env.FIGURE !== id;
}
