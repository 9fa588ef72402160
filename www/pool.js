/**
 * A pool of workers that share one compiled module. A worker that dies is replaced, and its jobs go on from their last saved bytes.
 *
 * Kinds of job: a `TrainJob` lives in one worker, a `GridJob` spreads its cells over all; sweep.js has those of galleries. All are handles: they hold what the
 * reader asked for, so that a new worker can be told. A worker is dead when it says so (`fatal`, an `error` or
 * `messageerror` event) or when it is owed an answer and does not answer a ping for some ticks of the watchdog.
 * The pool knows nothing of figures.
 *
 * @typedef {{onState?: (message: object) => void, onFail?: (error: Error) => void}} TrainListener
 * @typedef {{onCells?: (message: object) => void, onDone?: () => void, onFail?: (error: Error) => void}} GridListener
 */

import * as protocol from './protocol.js';

/** Workers at most, however many cores there are: each holds an instance of the module. */
const MAX_WORKERS = 8;
/** The watchdog looks this often. It counts its own ticks, not time: a machine that slept has missed none. */
const TICK_MS = 1000;
/** A worker may miss this many ticks; twice as many after each replacement in vain. */
const PATIENCE_TICKS = 5;
/** After so many deaths without a sign of life in between, the jobs fail. */
const MAX_DEATHS = 3;
/** A chunk of cells is sized to take about this long: pausing waits for it. */
const CHUNK_MS = 60;
/** Chunks that a worker has waiting, so that it never idles. */
const CHUNKS_AHEAD = 2;

/** So long workers stand still when they are asked to; who asks again, as a page that scrolls does, renews it after half of it. */
const CALM_MS = 150;

/** A worker whose module holds more than this gives way to a new one when there is a chance: such memory never shrinks. */
const GROWN_BYTES = 12 * 2 ** 20;

/** Workers on a phone, which is to stay cool. */
const PHONE_WORKERS = 2;

/** How many workers this machine is given: all cores but one, which draws; two at least where there are two. */
export function poolSize(cores = globalThis.navigator?.hardwareConcurrency, isPhone = isPhoneHere()) {
  return Math.max(Math.min(2, cores || 2), Math.min(isPhone ? PHONE_WORKERS : MAX_WORKERS, (cores || 2) - 1));
}

function isPhoneHere() {
  return globalThis.matchMedia?.('(pointer: coarse) and (max-device-width: 900px)').matches ?? false;
}

/** The pool. */
export class Pool {
  /**
   * @param {object} options
   * @param {() => Worker} options.spawn starts a worker
   * @param {string} options.level the wasm build
   * @param {Promise<WebAssembly.Module>} options.module the compiled module
   * @param {number} [options.size] workers at most
   * @param {number} [options.tick] milliseconds between looks of the watchdog
   */
  constructor({ spawn, level, module, size = poolSize(), tick = TICK_MS }) {
    this.spawn = spawn;
    this.level = level;
    this.module = module;
    this.tick = tick;
    /** @type {Slot[]} */
    this.slots = Array.from({ length: size }, () => new Slot(this));
    /** The second part of the module, once there is a figure that needs it. */
    this.rest = null;
    this.lastId = 0;
    this.calmUntil = 0;
    this.timer = null;
  }

  /** Ids of requests and jobs. */
  nextId() {
    this.lastId += 1;
    return this.lastId;
  }

  /** Starts workers before there is work, while the module still compiles. */
  warm(count) {
    for (const slot of this.slots.slice(0, count)) slot.start();
  }

  /**
   * Gives the workers the second part of the module: those that are there, and those that come.
   *
   * @param {WebAssembly.Module} module
   */
  extend(module) {
    this.rest = module;
    for (const slot of this.slots) slot.extend();
  }

  /**
   * A job that trains a spec. It does nothing until `create`.
   *
   * @param {TrainListener} listener
   * @param {number} [spread] how many workers jobs of this kind share
   */
  train(listener, spread = this.slots.length) {
    const slots = this.slots.slice(0, Math.max(1, spread));
    const slot = slots.reduce((least, other) => (other.jobs.size < least.jobs.size ? other : least));
    return new TrainJob(this, slot, listener);
  }

  /**
   * Trains cells of a grid in the given order, on all workers.
   *
   * @param {string} spec
   * @param {ArrayLike<number>} order
   * @param {GridListener} listener
   */
  grid(spec, order, listener) {
    return new GridJob(this, spec, order, listener);
  }

  /**
   * Lets the workers stand still for a moment: where they have all cores, the page's thread shares one with them, and a frame of a page that
   * scrolls takes twice as long.
   */
  calm() {
    const now = performance.now();
    if (this.calmUntil - now > CALM_MS / 2) return;
    this.calmUntil = now + CALM_MS;
    for (const slot of this.slots) {
      if (slot.worker !== null && slot.isReady) slot.send(protocol.calm(this.nextId(), CALM_MS)).catch(() => {});
    }
  }

  /** Puts new workers where the memory of those that are there has grown; their jobs go on where they are. */
  renew() {
    return Promise.all(this.slots.map((slot) => slot.renew()));
  }

  /** Ends all workers. */
  close() {
    clearInterval(this.timer);
    this.timer = null;
    for (const slot of this.slots) slot.stop();
  }

  /** Runs the watchdog while anyone waits for anything. */
  watch() {
    if (this.timer !== null) return;
    this.timer = setInterval(() => {
      for (const slot of this.slots) slot.look();
      if (!this.slots.some((slot) => slot.isWatched())) {
        clearInterval(this.timer);
        this.timer = null;
      }
    }, this.tick);
    this.timer.unref?.(); // In Node a watchdog does not keep the process.
  }
}

/** One place in the pool: whichever worker is in it now, the requests it owes answers to, and its jobs. */
class Slot {
  constructor(pool) {
    this.pool = pool;
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {Map<number, {message: object, resolve: Function, reject: Function}>} */
    this.owed = new Map();
    /** @type {Map<number, TrainJob | GridJob | import('./sweep.js').SweepJob | import('./sweep.js').GalleryJob>} */
    this.jobs = new Map();
    this.missed = 0;
    /** Deaths without work in between: only work shows that a new worker does better, it starts and answers in any case. */
    this.deaths = 0;
    /** Settled when `init` went out; whether it did. */
    this.ready = null;
    this.isGreeted = false;
    /** Whether `init` was answered. */
    this.isReady = false;
  }

  start() {
    if (this.worker) return;
    const { pool } = this;
    const worker = pool.spawn();
    this.worker = worker;
    this.missed = 0;
    this.isReady = false;
    this.isGreeted = false;
    worker.onmessage = (event) => this.worker === worker && this.receive(event.data);
    worker.onerror = (event) => {
      event.preventDefault?.();
      if (this.worker === worker) this.replace(new Error(event.message || 'the worker could not be started'));
    };
    worker.onmessageerror = () => this.worker === worker && this.replace(new Error('a message could not be read'));
    const greet = (module) => {
      if (this.worker !== worker) return;
      this.send(protocol.init(pool.nextId(), pool.level, module)).catch((error) => this.fail(error));
      this.isGreeted = true;
      this.extend();
    };
    this.ready = pool.module.then(greet).catch((error) => this.fail(error));
  }

  /** Hands over the second part of the module, if there is one; a worker that was not greeted gets it then. */
  extend() {
    const { pool } = this;
    if (pool.rest === null || this.worker === null || !this.isGreeted) return;
    this.send(protocol.extend(pool.nextId(), pool.rest)).catch((error) => this.fail(error));
  }

  /** Sends a request; the promise is its answer. Before `init` went out, requests wait for it. */
  send(message) {
    return new Promise((resolve, reject) => {
      this.owed.set(message.id, { message, resolve, reject });
      this.deliver(message);
      this.pool.watch();
    });
  }

  deliver(message) {
    if (message.type === 'init' || message.type === 'extend') {
      this.worker.postMessage(message);
      return;
    }
    this.start();
    const { worker } = this;
    // Behind `init`, in the order of the calls: promises keep it.
    this.ready.then(() => {
      if (this.worker === worker && this.owed.has(message.id)) {
        worker.postMessage(message, protocol.transferables(message));
      }
    });
  }

  receive(message) {
    if (!protocol.isMessage(message, protocol.ANSWERS)) return;
    this.missed = 0;
    if (message.type === 'fatal') {
      this.replace(protocol.revivedError(message.error));
      return;
    }
    if (message.type === 'done' || message.type === 'failed') {
      const owed = this.owed.get(message.id);
      this.owed.delete(message.id);
      // A job's own failure, which nobody asked for.
      if (!owed) this.jobs.get(message.id)?.receive(message, this);
      if (owed?.message.type === 'init') this.isReady = true;
      if (message.type === 'done') owed?.resolve(message.value);
      else owed?.reject(protocol.revivedError(message.error));
      return;
    }
    this.jobs.get(message.id)?.receive(message, this);
  }

  /** A slot is watched while an answer is owed or a job in it runs. */
  isWatched() {
    return this.worker !== null && (this.owed.size > 0 || [...this.jobs.values()].some((job) => job.isRunning));
  }

  look() {
    if (!this.isWatched()) return;
    // Loading may take long on a slow line: only an instance that exists can be late.
    if (!this.isReady) return;
    this.missed += 1;
    if (this.missed > PATIENCE_TICKS * 2 ** this.deaths) {
      this.replace(new Error('the worker does not answer'));
    } else if (this.missed > 1) {
      this.send(protocol.ping(this.pool.nextId())).catch(() => {});
    }
  }

  /** A new worker for one whose memory has grown, unless what it does would take long to do again. */
  async renew() {
    const { worker } = this;
    const isStill = () => this.worker === worker && this.isReady && ![...this.jobs.values()].some((job) => job.isFixed);
    if (worker === null || !isStill() || (await this.send(protocol.ping(this.pool.nextId())).catch(() => 0)) < GROWN_BYTES) return;
    if (!isStill()) return;
    await Promise.all([...this.jobs.values()].map((job) => job.leave?.(this)));
    if (this.worker === worker) this.restart();
  }

  /** A new worker for the one that died, with all it had to do. */
  replace(reason) {
    this.deaths += 1;
    if (this.deaths > MAX_DEATHS) {
      this.fail(reason);
      return;
    }
    this.restart();
  }

  restart() {
    this.stop();
    const owed = [...this.owed.values()];
    this.owed.clear();
    if (this.jobs.size === 0 && owed.length === 0) return;
    this.start();
    const lost = new Set();
    for (const job of this.jobs.values()) job.revive(this, owed, lost);
    for (const request of owed) {
      const { type } = request.message;
      if (type === 'init' || type === 'extend' || type === 'ping' || lost.has(request)) request.resolve(null);
      else {
        this.owed.set(request.message.id, request);
        this.deliver(request.message);
      }
    }
    for (const job of this.jobs.values()) job.revived?.();
  }

  stop() {
    this.worker?.terminate();
    this.worker = null;
  }

  /** Gives up: everyone who waits is told. */
  fail(error) {
    this.stop();
    this.deaths = 0;
    const owed = [...this.owed.values()];
    this.owed.clear();
    for (const { reject } of owed) reject(error);
    for (const job of [...this.jobs.values()]) job.fail(error, this);
  }
}

/** A trainer in some worker. Every call gives a promise of its answer. */
class TrainJob {
  constructor(pool, slot, listener) {
    this.pool = pool;
    this.slot = slot;
    this.listener = listener;
    this.id = pool.nextId();
    /** Grows with every restart: states of an older one are stale. */
    this.generation = 0;
    /** What a new worker starts from: a spec until there are bytes. */
    this.spec = null;
    this.saved = null;
    this.isRunning = false;
    this.rate = null;
    slot.jobs.set(this.id, this);
  }

  /** Makes the trainer of a resolved spec, at step 0; a run goes on with it. */
  create(spec) {
    this.spec = spec;
    this.saved = null;
    this.generation += 1;
    return this.request(protocol.create, this.generation, spec);
  }

  /** Trains at `rate` steps a second, or with null as fast as it goes. */
  run(rate) {
    if (this.isRunning && this.rate === rate) return Promise.resolve();
    this.isRunning = true;
    this.rate = rate;
    return this.request(protocol.run, rate);
  }

  /** Stops training. */
  pause() {
    if (!this.isRunning) return Promise.resolve();
    this.isRunning = false;
    return this.request(protocol.pause);
  }

  /** Makes so many steps at once and stops. */
  step(count, slice = count) {
    this.isRunning = false;
    return this.request(protocol.step, count, slice);
  }

  /** Puts a feature's column of W where it is held. */
  column(feature, values) {
    return this.request(protocol.column, feature, values);
  }

  /** Changes settings live. */
  set(patch) {
    return this.request(protocol.set, JSON.stringify(patch));
  }

  /** Back to step 0 of the same seed, or of another. */
  reset(seed = null) {
    this.generation += 1;
    return this.request(protocol.reset, this.generation, seed);
  }

  /** Asks for a state. */
  snapshot() {
    return this.request(protocol.snapshot);
  }

  /** The bytes to restore from. */
  save() {
    return this.request(protocol.save);
  }

  /** Ends the job. */
  drop() {
    this.isRunning = false;
    this.slot.jobs.delete(this.id);
    if (this.slot.worker) this.request(protocol.drop).catch(() => {});
  }

  request(build, ...fields) {
    return this.slot.send(build(this.pool.nextId(), this.id, ...fields));
  }

  receive(message) {
    if (message.type === 'saved') {
      // Bytes of an older restart would bring back what the reader left.
      if (message.generation === this.generation) this.saved = message.bytes;
    } else if (message.type === 'state' && message.generation === this.generation) {
      if (message.state.status !== 'running') this.isRunning = false;
      if (message.running || message.state.status !== 'running') this.slot.deaths = 0;
      this.listener.onState?.(message);
    }
  }

  /** Its bytes as they are now, for another worker to go on from. */
  async leave() {
    const saved = await this.save().catch(() => null);
    if (saved !== null) this.saved = saved;
  }

  /** Tells a new worker; requests without an answer follow, and what is then repeated here would come twice. */
  revive(slot, owed, lost) {
    const mine = owed.filter(({ message }) => message.job === this.id);
    for (const request of mine) {
      if (['create', 'restore', 'run', 'pause'].includes(request.message.type)) lost.add(request);
    }
    const isFresh = mine.some(({ message }) => message.type === 'create' && message.generation <= this.generation);
    if (this.saved && !isFresh) this.request(protocol.restore, this.generation, this.saved).catch((error) => this.fail(error));
    else if (this.spec) this.request(protocol.create, this.generation, this.spec).catch((error) => this.fail(error));
  }

  /** Goes on, behind the requests that were sent again. */
  revived() {
    if (this.isRunning) this.request(protocol.run, this.rate).catch((error) => this.fail(error));
  }

  fail(error) {
    this.isRunning = false;
    this.listener.onFail?.(error);
  }
}

/** Cells of a grid, shared out to the workers by the chunk. */
class GridJob {
  constructor(pool, spec, order, listener) {
    this.pool = pool;
    this.spec = spec;
    this.listener = listener;
    this.id = pool.nextId();
    this.queue = Array.from(order);
    this.next = 0;
    this.total = this.queue.length;
    this.done = 0;
    this.isRunning = true;
    /** Time of training so far, pauses left out. */
    this.spent = 0;
    this.resumed = performance.now();
    /** @type {Map<Slot, Set<number>>} cells that a worker has been given and not reported */
    this.given = new Map();
    this.waiting = new Map();
    this.chunkSize = 1;
    for (const slot of pool.slots) {
      slot.jobs.set(this.id, this);
      this.given.set(slot, new Set());
      this.waiting.set(slot, 0);
      slot.start();
      this.hire(slot);
      this.feed(slot);
    }
  }

  hire(slot) {
    slot.send(protocol.grid(this.pool.nextId(), this.id, this.spec)).catch((error) => this.fail(error));
  }

  /** Milliseconds that the cells that are left will take, or null while nobody can know. */
  timeLeft() {
    const spent = this.elapsed();
    return this.done === 0 ? null : (spent / this.done) * (this.total - this.done);
  }

  /** Milliseconds of training. */
  elapsed() {
    return this.spent + (this.isRunning ? performance.now() - this.resumed : 0);
  }

  /** Lets the workers finish what they have, and gives them no more. */
  pause() {
    if (!this.isRunning) return;
    this.spent = this.elapsed();
    this.isRunning = false;
  }

  /** Goes on. */
  resume() {
    if (this.isRunning) return;
    this.isRunning = true;
    this.resumed = performance.now();
    for (const slot of this.pool.slots) this.feed(slot);
  }

  /** Ends the job; cells that are being trained are not reported. */
  cancel() {
    this.isRunning = false;
    for (const slot of this.pool.slots) {
      if (!slot.jobs.delete(this.id) || !slot.worker) continue;
      slot.send(protocol.drop(this.pool.nextId(), this.id)).catch(() => {});
    }
  }

  feed(slot) {
    while (this.isRunning && slot.jobs.has(this.id) && this.waiting.get(slot) < CHUNKS_AHEAD && this.next < this.queue.length) {
      // The last cells are dealt out evenly, so that the workers end together.
      const share = Math.ceil((this.queue.length - this.next) / (this.pool.slots.length * CHUNKS_AHEAD));
      const count = Math.max(1, Math.min(this.chunkSize, share));
      const cells = Uint32Array.from(this.queue.slice(this.next, this.next + count));
      this.next += count;
      for (const cell of cells) this.given.get(slot).add(cell);
      this.waiting.set(slot, this.waiting.get(slot) + 1);
      slot.send(protocol.cells(this.pool.nextId(), this.id, cells)).then(
        () => {
          this.waiting.set(slot, this.waiting.get(slot) - 1);
          this.feed(slot);
        },
        (error) => this.fail(error),
      );
    }
  }

  receive(message, slot) {
    if (message.type !== 'trained') return;
    const given = this.given.get(slot);
    for (const cell of message.cells) given.delete(cell);
    this.done += message.cells.length;
    slot.deaths = 0;
    const perCell = (this.elapsed() * this.pool.slots.length) / Math.max(1, this.done);
    this.chunkSize = Math.max(1, Math.min(256, Math.round(CHUNK_MS / Math.max(perCell, 0.01))));
    this.listener.onCells?.(message);
    if (this.done === this.total) {
      this.spent = this.elapsed();
      this.isRunning = false;
      this.cancel();
      this.listener.onDone?.();
    }
  }

  /** The cells that died with the worker go back to the front. */
  revive(slot, owed, lost) {
    for (const request of owed) if (request.message.job === this.id) lost.add(request);
    const given = this.given.get(slot);
    this.queue.splice(this.next, 0, ...given);
    given.clear();
    this.hire(slot);
  }

  fail(error) {
    if (!this.isRunning && this.done === this.total) return;
    this.cancel();
    this.listener.onFail?.(error);
  }
}
