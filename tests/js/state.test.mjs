/** The state and its projection to the hash. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULTS, figureNamedBy, hashOf, readLink, specOf, themeOf, withHash, withSpec } from '../../www/state.js';
import * as fake from './fake-pkg/superposition.js';
import { loadCore } from './core.mjs';

test('a state that nobody touched has no hash', () => {
  assert.equal(hashOf(DEFAULTS, fake), '');
  assert.equal(hashOf(withSpec(DEFAULTS, 'intro', {}), fake), '');
});

test('state to hash and back, with the core’s own links', async () => {
  const core = await loadCore();
  for (const spec of [{ seed: 5 }, { density: 0.07, learning_rate: 0.01 }, { importance: [1, 0.5, 0.25, 0.1, 0] }, { sweep: null }]) {
    const state = { ...withSpec(DEFAULTS, 'intro', spec), hide: ['settings'] };
    const hash = hashOf(state, core);
    const back = withHash(DEFAULTS, hash, core);
    assert.deepEqual(specOf(back, 'intro'), spec);
    assert.deepEqual(back.hide, ['settings']);
    assert.equal(back.figure, 'intro');
    assert.equal(hashOf(back, core), hash);
    assert.deepEqual(readLink(hash.replace('#', '?'), core), readLink(hash, core), 'a query reads the same');
  }
});

test('a link changes its figure only, an anchor nothing', () => {
  const before = withSpec({ ...DEFAULTS, theme: 'dark' }, 'other', { seed: 1 });
  const after = withHash(before, '#v=1&figure=intro&spec=%7B%22seed%22%3A2%7D', fake);
  assert.deepEqual([specOf(after, 'other'), specOf(after, 'intro'), after.theme], [{ seed: 1 }, { seed: 2 }, 'dark']);
  assert.equal(withHash(before, '#price', fake), before);
  assert.equal(withHash(before, '', fake), before);
});

test('a link that is refused throws the core’s message and leaves the state', () => {
  assert.throws(() => withHash(DEFAULTS, '#v=2', fake), { message: 'v: got 2, expected 1, the only version there is' });
  assert.deepEqual(DEFAULTS.specs, {});
  assert.ok(Object.isFrozen(DEFAULTS));
});

test('the figure of a refused link is known all the same', () => {
  assert.equal(figureNamedBy('#v=1&figure=intro&spec={"features":"x"'), 'intro');
  assert.equal(figureNamedBy('?v=1'), null);
});

test('only the known themes are taken from storage', () => {
  assert.deepEqual(['dark', 'light', 'system', null, '<b>'].map(themeOf), ['dark', 'light', 'system', 'system', 'system']);
});
