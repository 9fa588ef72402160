/**
 * The worker: trains in slices and reports between them. It knows no DOM and draws nothing.
 *
 * Everything it does is told by messages of protocol.js. Work goes round: one slice of one job, then the mailbox (a message to
 * itself through a channel lets waiting requests in first), then a slice of the next job. The wasm instance lives as long as
 * the worker; a panic in it ends both, and the page starts another from the jobs' last saved bytes.
 */

import { gather } from './parts.js';
import * as protocol from './protocol.js';
import { GalleryMaker, SweepShare } from './worker-sweep.js';

/** Length of a slice in milliseconds: short enough to answer within a frame, long enough to make messages cheap. */
const SLICE_MS = 9;
/** A state is posted at most this often. */
const FRAME_MS = 16;
/** How often a running job posts the bytes it can go on from. */
const SAVE_MS = 2000;
/** Over this many weights the measures are taken less often than the picture. */
const MANY_WEIGHTS = 256;
const MEASURE_MS = 250;
/** Speed is an average over about this long. */
const SPEED_MS = 400;
/** A throttled job that fell behind (a sleeping machine) owes at most this much time. */
const MAX_DEBT_MS = 250;

/**
 * Serves one port until it is told nothing more.
 *
 * @param {{postMessage: Function, onmessage: Function | null}} port the worker's own scope, or a MessagePort
 * @param {(level: string, module: WebAssembly.Module) => Promise<object>} loadCore gives the façade
 * @param {(module: WebAssembly.Module) => void} [extendCore] joins the second part to the façade
 * @param {() => number} [sizeOf] bytes of the instance's memory
 * @returns {() => void} ends it
 */
export function serve(port, loadCore, extendCore, sizeOf) {
  /** @type {Map<number, TrainJob | GridJob | SweepShare | GalleryMaker>} */
  const jobs = new Map();
  const mailbox = new MessageChannel();
  let core = null;
  let dead = false;
  let scheduled = false;
  let timer = 0;
  let calmUntil = 0;
  let turnOf = 0;
  let inbox = Promise.resolve();

  const post = (message) => port.postMessage(message, protocol.transferables(message));
  const wake = () => {
    if (scheduled || dead) return;
    scheduled = true;
    mailbox.port2.postMessage(0);
  };

  mailbox.port1.onmessage = () => {
    scheduled = false;
    if (dead) return;
    clearTimeout(timer);
    try {
      const now = performance.now();
      if (now < calmUntil) {
        timer = setTimeout(wake, calmUntil - now);
        return;
      }
      const ready = [...jobs.values()].filter((job) => job.wait(now) <= 0);
      if (ready.length > 0) {
        turnOf = (turnOf + 1) % ready.length;
        ready[turnOf].slice(post);
        wake();
      } else {
        const wait = Math.min(...[...jobs.values()].map((job) => job.wait(now)));
        if (Number.isFinite(wait)) timer = setTimeout(wake, wait);
      }
    } catch (error) {
      die(error);
    }
  };

  function die(error) {
    dead = true;
    jobs.clear();
    post(protocol.fatal(0, error));
  }

  const find = (message, kind) => {
    const job = jobs.get(message.job);
    if (!(job instanceof kind)) throw new Error(`job ${message.job}: there is no such ${kind.label}`);
    return job;
  };

  /** What each request does; what it returns is the value of `done`. */
  const handlers = {
    async init({ level, module }) {
      core = await loadCore(level, module);
      return { version: core.version(), level: core.wasmLevel() };
    },
    extend({ module }) {
      extendCore?.(module);
    },
    create(message) {
      const job = new TrainJob(message.job, message.generation, new core.Trainer(message.spec));
      replace(job);
      job.report(post, { save: true });
    },
    restore(message) {
      const job = new TrainJob(message.job, message.generation, core.Trainer.restore(message.bytes));
      replace(job);
      job.report(post, { save: false });
    },
    run(message) {
      find(message, TrainJob).start(message.rate);
    },
    pause(message) {
      const job = find(message, TrainJob);
      job.stop();
      job.report(post, { save: true });
    },
    step(message) {
      const job = find(message, TrainJob);
      job.stop();
      for (let made = 0; made < message.count; ) {
        const advanced = job.trainer.advance(Math.min(message.slice, message.count - made));
        if (advanced === 0) break;
        made += advanced;
      }
      job.report(post, { save: true });
    },
    set(message) {
      const job = find(message, TrainJob);
      job.trainer.set(message.patch);
      job.report(post, { save: true });
    },
    column(message) {
      const job = find(message, TrainJob);
      job.trainer.setColumn(message.feature, message.values);
      job.report(post, { save: false });
    },
    reset(message) {
      const job = find(message, TrainJob);
      job.trainer.reset(message.seed ?? undefined);
      job.restarted(message.generation);
      job.report(post, { save: true });
    },
    snapshot(message) {
      find(message, TrainJob).report(post, { save: false });
    },
    save(message) {
      return find(message, TrainJob).trainer.save();
    },
    grid(message) {
      replace(new GridJob(message.job, new core.PhaseGrid(message.spec)));
    },
    cells(message) {
      find(message, GridJob).add(message.id, message.cells);
      return LATER;
    },
    drop(message) {
      const job = jobs.get(message.job);
      // Each chunk is a request that still waits for its answer.
      for (const chunk of job?.chunks ?? []) post(protocol.done(chunk.id));
      job?.free();
      jobs.delete(message.job);
    },
    ping: () => sizeOf?.() ?? 0,
    calm({ ms }) {
      calmUntil = performance.now() + ms;
    },
    work({ job, index, spec, bytes, patch }) {
      if (!jobs.has(job)) jobs.set(job, new SweepShare(job));
      const model = bytes ? core.Job.restore(bytes, index) : new core.Job(spec, index);
      protocol.discard(bytes);
      if (patch !== null) model.set(patch);
      jobs.get(job).add(index, model);
    },
    tune({ job, patch }) {
      jobs.get(job)?.tune(patch);
    },
    rest({ job, isResting, pace }) {
      jobs.get(job)?.rest(isResting, pace, post);
    },
    nudge({ job, steps }) {
      jobs.get(job)?.nudge(steps, post);
    },
    release: ({ job, index }) => jobs.get(job)?.release(index) ?? null,
    taken({ job }) {
      if (jobs.has(job)) jobs.get(job).isTaken = true;
    },
    gallery({ job, figure, spec }) {
      replace(new GalleryMaker(job, new core.Gallery(figure, spec)));
    },
    give({ job, reports }) {
      jobs.get(job)?.give(reports, post);
    },
    data: ({ job }) => jobs.get(job)?.data() ?? 'null',
  };

  function replace(job) {
    const old = jobs.get(job.id);
    if (old instanceof TrainJob && job instanceof TrainJob) job.inherit(old);
    old?.free();
    jobs.set(job.id, job);
  }

  async function handle(message) {
    if (dead) return;
    if (!protocol.isMessage(message, protocol.REQUESTS)) {
      const id = Number.isSafeInteger(message?.id) ? message.id : 0;
      post(protocol.failed(id, new Error('message: expected a request of the protocol')));
      return;
    }
    try {
      if (core === null && message.type !== 'init' && message.type !== 'ping') {
        throw new Error(`${message.type}: the worker has no module yet`);
      }
      const value = await handlers[message.type](message);
      if (value !== LATER) post(protocol.done(message.id, value ?? null));
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) die(error);
      else post(protocol.failed(message.id, error));
    }
    wake();
  }

  // Requests are carried out in the order they came, also while `init` waits for the bindings.
  port.onmessage = (event) => {
    inbox = inbox.then(() => handle(event.data));
  };

  return () => {
    dead = true;
    clearTimeout(timer);
    mailbox.port1.close();
  };
}

/** A handler returns this where `done` is posted by a later slice. */
const LATER = Symbol('later');

/** A trainer with its schedule. */
class TrainJob {
  static label = 'TrainJob'; // A class's own name is lost on its way to dist/.

  constructor(id, generation, trainer) {
    this.id = id;
    this.generation = generation;
    this.trainer = trainer;
    this.running = false;
    /** Steps a second, or null for as fast as it goes. */
    this.rate = null;
    /** Throttled: steps are counted from here. */
    this.since = 0;
    this.madeSince = 0;
    /** Steps in a slice, adapted to SLICE_MS. */
    this.sliceSteps = 16;
    this.lastFrame = -Infinity;
    this.lastSave = performance.now();
    this.lastMeasures = -Infinity;
    this.window = { time: performance.now(), steps: 0 };
    this.speed = 0;
  }

  /** Goes on as the job that it takes the place of did. */
  inherit(old) {
    if (old.running) this.start(old.rate);
  }

  start(rate) {
    const now = performance.now();
    if (!this.running) {
      this.window = { time: now, steps: 0 };
      this.speed = 0;
    }
    this.running = true;
    this.rate = rate;
    this.since = now;
    this.madeSince = 0;
  }

  stop() {
    this.running = false;
  }

  restarted(generation) {
    this.generation = generation;
    this.lastMeasures = -Infinity;
    if (this.running) this.start(this.rate);
  }

  /** Steps that a throttled job owes now. */
  debt(now) {
    if (now - this.since > MAX_DEBT_MS + (this.madeSince / this.rate) * 1000) {
      this.since = now - MAX_DEBT_MS;
      this.madeSince = 0;
    }
    return Math.floor(((now - this.since) / 1000) * this.rate) - this.madeSince;
  }

  /** Milliseconds until it has something to do. */
  wait(now) {
    if (!this.running) return Infinity;
    if (this.rate === null || this.debt(now) >= 1) return 0;
    return Math.max(1, Math.min(FRAME_MS, this.since + ((this.madeSince + 1) / this.rate) * 1000 - now));
  }

  slice(post) {
    const start = performance.now();
    const steps = this.rate === null ? this.sliceSteps : Math.min(this.sliceSteps, this.debt(start));
    const made = this.trainer.advance(steps);
    const now = performance.now();
    if (made === this.sliceSteps) {
      // Clocks are coarse: a slice that took no time at all is doubled.
      const factor = now > start ? SLICE_MS / (now - start) : 2;
      this.sliceSteps = Math.max(1, Math.min(1e7, Math.round(this.sliceSteps * Math.min(2, Math.max(0.25, factor)))));
    }
    this.madeSince += made;
    this.window.steps += made;
    if (now - this.window.time >= SPEED_MS) {
      this.speed = (this.window.steps / (now - this.window.time)) * 1000;
      this.window = { time: now, steps: 0 };
    }
    if (this.trainer.state().status !== 'running') {
      this.stop();
      this.report(post, { save: true });
    } else if (now - this.lastFrame >= FRAME_MS) {
      this.report(post, { save: now - this.lastSave >= SAVE_MS });
    }
  }

  /** Posts the state, and first, where asked, the bytes that it can be restored from. */
  report(post, { save }) {
    const now = performance.now();
    const state = this.trainer.state();
    if (save) {
      this.lastSave = now;
      post(protocol.saved(this.id, this.generation, state.step, this.trainer.save()));
    }
    const snapshot = this.trainer.snapshot();
    const measureNow =
      !this.running || snapshot.weights.length <= MANY_WEIGHTS || now - this.lastMeasures >= MEASURE_MS;
    if (measureNow) this.lastMeasures = now;
    this.lastFrame = now;
    const measures = measureNow ? this.trainer.measures() : null;
    post(protocol.state(this.id, this.generation, { state, snapshot, measures, running: this.running, speed: this.speed }));
  }

  free() {
    this.trainer.free();
  }
}

/** A grid whose cells come in by the chunk. */
class GridJob {
  static label = 'GridJob'; // A class's own name is lost on its way to dist/.

  constructor(id, grid) {
    this.id = id;
    this.grid = grid;
    /** @type {{id: number, cells: Uint32Array, next: number}[]} */
    this.chunks = [];
  }

  add(id, cells) {
    this.chunks.push({ id, cells, next: 0 });
  }

  wait() {
    return this.chunks.length > 0 ? 0 : Infinity;
  }

  slice(post) {
    const chunk = this.chunks[0];
    const start = performance.now();
    const results = [];
    while (chunk.next < chunk.cells.length && performance.now() - start < SLICE_MS) {
      results.push([chunk.cells[chunk.next], this.grid.cell(chunk.cells[chunk.next])]);
      chunk.next += 1;
    }
    post(
      protocol.trained(this.id, {
        cells: Uint32Array.from(results, ([cell]) => cell),
        classes: Uint8Array.from(results, ([, result]) => result.class),
        losses: Float64Array.from(results, ([, result]) => result.loss),
        weights: Float32Array.from(results.flatMap(([, result]) => [...result.weights])),
      }),
    );
    if (chunk.next >= chunk.cells.length) {
      this.chunks.shift();
      post(protocol.done(chunk.id));
    }
  }

  free() {
    this.chunks = [];
    this.grid.free();
  }
}

if (typeof WorkerGlobalScope !== 'undefined' && globalThis instanceof WorkerGlobalScope) {
  // The worker's name is the level, so that the bindings load while the module is still being compiled.
  const bindings = (level) => import(new URL(`../pkg/${level}/superposition.js`, import.meta.url).href);
  let folder = null;
  let memory = null;
  const parts = gather(() => folder);
  if (globalThis.name) bindings(globalThis.name).catch(() => {}); // `init` meets the same error and reports it.
  serve(globalThis, async (level, module) => {
    folder = new URL(`../pkg/${level}/`, import.meta.url);
    const core = await bindings(level);
    const exports = core.initSync({ module });
    memory = exports.memory;
    parts.begin(exports);
    return core;
  }, (module) => parts.join('gallery', module), () => memory?.buffer.byteLength ?? 0);
}
