/** The parts of the core: what the opening figure does needs the first only, and what comes too early brings the part that has it. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { DIST, LATER_PARTS } from './core.mjs';

const FOLDER = join(DIST, 'pkg', 'simd128');
const moduleOf = (file) => new WebAssembly.Module(readFileSync(join(FOLDER, file)));

/** The first part alone, in bindings of its own, and which parts it has asked for, each of which is the next. */
async function firstPart() {
  const core = await import(`${pathToFileURL(join(FOLDER, 'superposition.js')).href}?${Math.random()}`);
  const parts = { core: core.initSync({ module: moduleOf('superposition_bg.wasm') }) };
  const seen = { core, asked: [] };
  globalThis.superpositionRest = () => {
    const name = LATER_PARTS[seen.asked.length];
    seen.asked.push(name);
    parts[name] = new WebAssembly.Instance(moduleOf(`${name}.wasm`), parts).exports;
  };
  return seen;
}

test('the opening figure trains, is measured, changed and linked by the first part alone', async () => {
  const seen = await firstPart();
  const { core } = seen;
  const preset = core.preset('intro');
  const resolved = JSON.parse(core.resolveSpec(preset));
  const spec = core.resolveSpec(core.mergeSpec(preset, JSON.stringify({ density: 0.07, sweep: null })));
  const trainer = new core.Trainer(spec);
  while (trainer.state().status === 'running') trainer.advance(500);
  const [measures] = trainer.measures();
  assert.match(measures.solution, /pentagon|square/);
  assert.equal(trainer.snapshot().weights.length, 10);
  assert.equal(core.hitArrow(300, 300, 5, 2, trainer.snapshot().weights, 1, 1), -1);
  trainer.reset(3);
  trainer.set('{"learning_rate":0.002}');
  trainer.setColumn(0, Float32Array.of(0.5, 0.5));
  assert.ok(trainer.save().length > 0);
  const link = core.encodeLink('intro', '{"density":0.1}', [], []);
  assert.equal(JSON.parse(core.decodeLink(link)).spec.density, 0.1);
  assert.equal(resolved.features, 5);
  assert.deepEqual(seen.asked, []);
});

test('a message of an error brings the later parts, once, and says what the whole says', async () => {
  const seen = await firstPart();
  const { core } = seen;
  const message = /^density: got 2, expected /;
  assert.throws(() => core.resolveSpec('{"features":5,"hidden":2,"density":2}'), { message });
  assert.throws(() => core.resolveSpec('{"features":5,"hidden":2,"density":2}'), { message });
  assert.throws(() => core.resolveSpec('{"features":5,'), { message: /^not JSON: EOF while parsing a value at line 1 column 14/ });
  assert.deepEqual(seen.asked, LATER_PARTS);
});

test('a job that is made too early brings the second part, and needs no other', async () => {
  const seen = await firstPart();
  const job = new seen.core.Job('{"features":5,"hidden":2,"steps":50}', 0);
  while (!job.isDone) job.advance(50);
  assert.ok(job.report().length > 0);
  assert.deepEqual(seen.asked, ['gallery']);
});
