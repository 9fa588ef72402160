/** Workers without threads: the real worker.js over a MessageChannel, on the fake façade. */

import { afterEach } from 'node:test';
import { Pool } from '../../www/pool.js';
import { serve } from '../../www/worker.js';
import * as fakeCore from './fake-pkg/superposition.js';

/** What a page sees of a worker; `kill` makes it silent, as a crashed or hung one is. */
export class FakeWorker {
  constructor(core = fakeCore) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.inner = port2;
    this.isDead = false;
    this.onmessage = null;
    this.onerror = null;
    this.received = [];
    port1.onmessage = (event) => {
      if (this.isDead) return;
      this.received.push(event.data);
      this.onmessage?.(event);
    };
    /** Bytes of its module's memory, as it tells. */
    this.size = 1e6;
    this.end = serve(port2, async () => core, () => {}, () => this.size);
  }

  postMessage(message, transfer) {
    if (!this.isDead) this.port.postMessage(message, transfer);
  }

  /** No more messages either way, and nobody is told. */
  kill() {
    this.isDead = true;
    this.end();
  }

  /** Dies as a worker whose script threw. */
  crash() {
    this.kill();
    this.onerror?.({ message: 'crashed' });
  }

  terminate() {
    this.kill();
    this.port.close();
  }
}

/** The pools of the running test: open ports keep the process, also after an assertion that failed. */
const pools = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});

/**
 * A pool of such workers, which ends with the test.
 *
 * @returns {{pool: Pool, workers: FakeWorker[]}} with the workers as they are started
 */
export function makePool(size, tick = 20, module = Promise.resolve({})) {
  const workers = [];
  const spawn = () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  };
  const pool = new Pool({ spawn, level: 'simd128', module, size, tick });
  pools.push(pool);
  return { pool, workers };
}

/** Waits until something holds; fails with its name after a while. */
export async function until(what, condition, limit = 5000) {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > limit) throw new Error(`timed out: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}
