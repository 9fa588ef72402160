/** The stored pictures are those of the preset as it is now. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadCore } from './core.mjs';
import { stills } from './stills.mjs';

test('www/still/ holds what the core makes of the preset; else run `node tests/js/stills.mjs`', async () => {
  for (const [name, content] of stills(await loadCore())) {
    assert.equal(readFileSync(new URL(`../../www/still/${name}`, import.meta.url), 'utf8'), content, name);
  }
});
