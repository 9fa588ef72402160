/** Pure functions of the interface, of the phase diagram and of the files. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { durationText, grouped, logScale, short, sparsityText } from '../../www/controls.js';
import { changedFields, withoutDefaults } from '../../www/figures/frame.js';
import { agreement, isNearBoundary, movedCell, PENDING } from '../../www/figures/grid.js';
import { dataCsv } from '../../www/figures/files.js';
import { axisFrom, axisText, parsedText, patchAt } from '../../www/figures/fields.js';
import { embedCode, embedPolicy, escaped } from '../../www/embed.js';
import { pythonLiteral, pytorchScript } from '../../www/pytorch.js';
import { jsonLines, weightsCsv } from '../../www/save.js';

test('a logarithmic scale meets its ends and gives back its places', () => {
  const scale = logScale(1, 0.01, 200);
  assert.deepEqual([scale.value(0), scale.value(100), scale.value(200)], [1, 0.1, 0.01]);
  for (let place = 0; place <= 200; place += 1) assert.equal(scale.place(scale.value(place)), place);
  assert.deepEqual([scale.place(5), scale.place(1e-9)], [0, 200], 'beyond the ends, the end');
});

test('numbers as people read them', () => {
  assert.deepEqual([grouped(999), grouped(1000), grouped(10_000), grouped(1234567)], ['999', '1000', '10\u202f000', '1\u202f234\u202f567']);
  assert.deepEqual([0.0365851, 0, 12.3456, null, NaN, 0.00002, -3.15e12].map((value) => short(value)), ['0.0366', '0', '12.3', '–', '–', '2.00·10⁻⁵', '-3.15·10¹²']);
  assert.deepEqual([1, 0.2, 0.07, 0.01, 0.012].map(sparsityText), ['0%', '80%', '93%', '99%', '98.8%']);
  assert.deepEqual([200, 6400, 200_000].map(durationText), ['less than a second', 'about 6 s', 'about 3 min']);
});

test('a patch holds only what differs', () => {
  const defaults = { seed: 0, density: 0.07, restarts: { count: 1, keep: 'best' } };
  assert.deepEqual(withoutDefaults({ seed: 0, density: 0.1, restarts: { count: 1, keep: 'best' } }, defaults), { density: 0.1 });
  assert.deepEqual(changedFields({ a: 1, b: [1] }, { a: 1, b: [2], c: null }), ['b', 'c']);
});

test('agreement counts trained cells, and apart those that touch no boundary', () => {
  const theory = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1);
  const classes = Uint8Array.of(0, 1, PENDING, 1, 0, 0, 1, 1, 0, 0, 0, 0);
  assert.deepEqual(agreement(theory, classes, 4), { trained: 11, agree: 8, inner: 6, innerAgree: 5 });
  assert.equal(isNearBoundary(theory, 1, 4), false);
  assert.equal(isNearBoundary(theory, 2, 4), true);
});

test('arrow keys move within the grid', () => {
  assert.equal(movedCell(-1, 'ArrowUp', 4, 6), 15);
  assert.deepEqual(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End'].map((key) => movedCell(8, key, 4, 6)), [2, 14, 7, 9, 6, 11]);
  assert.equal(movedCell(0, 'ArrowLeft', 4, 6), 0);
  assert.equal(movedCell(23, 'ArrowDown', 4, 6), 23);
  assert.equal(movedCell(3, 'a', 4, 6), null);
});

test('embed codes carry the link as data', () => {
  const { iframe, script } = embedCode('#v=1&figure=intro&spec=%7B%22seed%22%3A5%7D', 'A "title" <b>', 'https://example.org/a/index.html');
  assert.ok(iframe.includes('src="https://example.org/a/index.html?v=1&amp;figure=intro&amp;spec=%7B%22seed%22%3A5%7D"'), iframe);
  assert.ok(iframe.includes('title="A &quot;title&quot; &lt;b&gt;"'));
  assert.ok(script.includes('src="https://example.org/a/www/superposition-figure.js"'));
  assert.ok(script.includes('figure="intro" spec="v=1&amp;figure=intro'));
  assert.match(embedPolicy('https://example.org/a/'), /^script-src https:\/\/example\.org 'wasm-unsafe-eval';/);
  assert.equal(escaped('<&">'), '&lt;&amp;&quot;&gt;');
});

const INSTANCE = {
  title: 'x', spec: { features: 2, hidden: 1, density: 0.1, seed: 4 }, weights: [[1, -1]], bias: [0, 0.5], loss: 0.25, steps: 9, status: 'done', solution: 'digon',
};

test('weights as CSV and as JSON lines', () => {
  assert.equal(weightsCsv([INSTANCE]), 'model,density,seed,step,hidden,feature,value\n0,0.1,4,9,0,0,1\n0,0.1,4,9,0,1,-1\n0,0.1,4,9,bias,0,0\n0,0.1,4,9,bias,1,0.5\n');
  const line = JSON.parse(jsonLines([INSTANCE]));
  assert.deepEqual([line.index, line.spec, line.weights, line.bias], [0, INSTANCE.spec, [[1, -1]], [0, 0.5]]);
});

test('numbers are read as people type them', () => {
  assert.deepEqual(['0.5', '0.1, 0.2', '0.1;0.2\t3', '[0.1, 0.2]', '', '{"scale": 2}', 'often'].map(parsedText), [0.5, [0.1, 0.2], [0.1, 0.2, 3], [0.1, 0.2], null, { scale: 2 }, 'often']);
  assert.deepEqual(parsedText('0, 1\n2, 3'), [[0, 1], [2, 3]]);
});

test('a sweep is a list of values or a range', () => {
  const axis = { field: 'density', from: 1, to: 0.01, count: 13, scale: 'log' };
  assert.equal(axisText(axis), '1 to 0.01 in 13');
  assert.deepEqual(axisFrom(axisText(axis), axis), axis);
  assert.deepEqual(axisFrom('1, 0.3', axis), { field: 'density', values: [1, 0.3] });
  const tiny = { field: 'hidden_l1', values: [0, 0.00001, 0.003] };
  assert.deepEqual(axisFrom(axisText(tiny), tiny), tiny);
  assert.equal(axisText({ field: 'model', values: ['linear', 'relu'] }), 'linear, relu');
  assert.deepEqual(axisFrom('linear relu', { field: 'model' }), { field: 'model', values: ['linear', 'relu'] });
});

test('a member of an object keeps the others', () => {
  assert.deepEqual(patchAt({ restarts: { count: 1, keep: 'all' } }, 'restarts.count', 5), { restarts: { count: 5, keep: 'all' } });
  assert.deepEqual(patchAt({}, 'start.scale', 0.3), { start: { scale: 0.3 } });
  assert.deepEqual(patchAt({ seed: 1 }, 'seed', 2), { seed: 2 });
});

test('any data are a long table', () => {
  assert.equal(dataCsv({ a: [[1, 2], [3, null]], b: { c: 'x,y' }, d: true }),
    'name,index_0,index_1,value\na,0,0,1\na,0,1,2\na,1,0,3\nb.c,,,"x,y"\nd,,,true\n');
});

test('the PyTorch script is Python', () => {
  assert.equal(pythonLiteral({ a: [true, null, 0.5], b: 'x' }), '{"a": [True, None, 0.5], "b": "x"}');
  const script = pytorchScript([{ features: 5, hidden: 2, model: 'relu', density: [0.1, 1], importance: 0.9, train_bias: true, steps: 5, seed: 0 }]);
  assert.ok(script.includes('"density": [0.1, 1], "importance": 0.9'), script);
  const python = spawnSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: script, encoding: 'utf8' });
  // Where there is no Python, the texts above are what can be said.
  if (!python.error) assert.equal(python.status, 0, python.stderr);
});
