/** Which build is chosen. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RELAXED_MODULE, SIMD128_MODULE, UnsupportedError, wasmLevel } from '../../www/detect.js';

test('the fastest build that validates', () => {
  assert.equal(wasmLevel(() => true), 'relaxed');
  assert.equal(wasmLevel((bytes) => bytes === SIMD128_MODULE), 'simd128');
  assert.equal(wasmLevel((bytes) => bytes === RELAXED_MODULE), null);
  assert.equal(wasmLevel(() => false), null);
});

test('every Node that we support has simd128', () => {
  assert.ok(WebAssembly.validate(SIMD128_MODULE));
});

test('a damaged module is no sign of support', () => {
  assert.equal(WebAssembly.validate(SIMD128_MODULE.with(27, 255)), false);
});

test('the relaxed module is valid where relaxed SIMD is there', () => {
  // Node 20 has it behind a flag, later ones without.
  const detect = fileURLToPath(new URL('../../www/detect.js', import.meta.url));
  const script = `import { wasmLevel } from ${JSON.stringify(detect)}; console.log(wasmLevel());`;
  const isOld = Number(process.versions.node.split('.')[0]) < 22;
  const flags = isOld ? ['--experimental-wasm-relaxed-simd'] : [];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(stdout.trim(), 'relaxed', stderr);
});

test('the message for a browser without SIMD says what it lacks', () => {
  assert.match(new UnsupportedError().message, /WebAssembly SIMD/);
});
