/**
 * Jobs of figures of many models: a `SweepJob` spreads models over the pool's workers, a `GalleryJob` makes pictures of their
 * reports in one of them. Both outlive a worker that dies: models go on from their last bytes, and a gallery is made anew and
 * given the reports again, which are kept here.
 *
 * @typedef {{index: number, spec: object}} Wanted a model that a gallery asks for
 * @typedef {{onReports?: (reports: [number, Uint8Array][]) => void, onDone?: () => void, onFail?: (error: Error) => void}} SweepListener
 * @typedef {{onNeeds?: (jobs: Wanted[]) => void, onPiece?: (piece: object) => void, onPicture?: (picture: object) => void,
 *   onFail?: (error: Error) => void}} GalleryListener
 */

import * as protocol from './protocol.js';

/** Models at most that a worker trains side by side; the others wait. */
const MAX_LIVE = 96;
/** A worker without work takes over a model that is less far than this. */
const TAKE_OVER_BELOW = 0.9;
/** A gallery is given reports at most this often, and rests for so many times as long as its last picture took. */
const GIVE_MS = 50;
const GIVE_REST = 2;

/**
 * 0 … n − 1 so that the first few span the whole: the middles of ever finer halves.
 *
 * @param {number} n
 * @returns {number[]}
 */
export function spanning(n) {
  const bits = Math.max(1, Math.ceil(Math.log2(n)));
  const order = [];
  for (let idx = 0; idx < 2 ** bits; idx += 1) {
    let mirrored = 0;
    for (let bit = 0; bit < bits; bit += 1) if (idx & (1 << bit)) mirrored |= 1 << (bits - 1 - bit);
    if (mirrored < n) order.push(mirrored);
  }
  return order;
}

/** Takes over the bytes that a model can go on from, and frees those before. */
function keep(item, bytes) {
  protocol.discard(item.bytes);
  item.bytes = bytes;
}

/** Models, trained on all workers. */
export class SweepJob {
  /** @param {import('./pool.js').Pool} pool @param {SweepListener} listener */
  constructor(pool, listener) {
    this.pool = pool;
    this.listener = listener;
    this.id = pool.nextId();
    /** @type {Map<number, object>} by index */
    this.items = new Map();
    this.queue = [];
    this.isRunning = true;
    /** Milliseconds that a model takes at least. */
    this.pace = 0;
    /** What was changed on the way, as JSON. */
    this.patch = null;
    this.isOver = false;
    this.isTakingOver = false;
    /** Workers whose provisional reports are not dealt with yet; speeds by worker. */
    this.untaken = new Set();
    this.speeds = new Map();
    this.spent = 0;
    this.resumed = performance.now();
  }

  /** @param {Wanted[]} jobs */
  add(jobs) {
    for (const at of spanning(jobs.length)) {
      const { index, spec } = jobs[at];
      if (this.items.has(index)) continue;
      this.items.set(index, { index, spec: JSON.stringify(spec), slot: null, bytes: null, fraction: 0, steps: 0, loss: NaN, isDone: false });
      this.queue.push(index);
    }
    this.feed();
  }

  /** Models in a worker now. */
  live(slot) {
    return [...this.items.values()].filter((item) => item.slot === slot);
  }

  get total() {
    return this.items.size;
  }

  get done() {
    return [...this.items.values()].filter(({ isDone }) => isDone).length;
  }

  /** Part of the work that is done. */
  get fraction() {
    let sum = 0;
    for (const item of this.items.values()) sum += item.fraction;
    return this.items.size === 0 ? 0 : sum / this.items.size;
  }

  /** Steps of a model, in the mean. */
  get steps() {
    let sum = 0;
    for (const item of this.items.values()) sum += item.steps;
    return this.items.size === 0 ? 0 : sum / this.items.size;
  }

  /** Loss of the models that have reported, in the mean; NaN before. */
  get loss() {
    const losses = [...this.items.values()].map(({ loss }) => loss).filter((loss) => !Number.isNaN(loss));
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  }

  /** Steps a second of all workers together. */
  get speed() {
    return this.isRunning ? [...this.speeds.values()].reduce((sum, speed) => sum + speed, 0) : 0;
  }

  /** Milliseconds of training. */
  elapsed() {
    return this.spent + (this.isRunning && !this.isOver ? performance.now() - this.resumed : 0);
  }

  /** Milliseconds that are left, or null while nobody can know. */
  timeLeft() {
    const { fraction } = this;
    return fraction < 0.02 ? null : (this.elapsed() / fraction) * (1 - fraction);
  }

  feed() {
    if (!this.isRunning) return;
    while (this.queue.length > 0) {
      const loads = this.pool.slots.map((slot) => this.live(slot).length);
      const least = Math.min(...loads);
      if (least >= MAX_LIVE) return;
      this.assign(this.items.get(this.queue.shift()), this.pool.slots[loads.indexOf(least)]);
    }
  }

  assign(item, slot) {
    item.slot = slot;
    slot.jobs.set(this.id, this);
    this.request(slot, protocol.work, item.index, item.spec, item.bytes, this.patch).catch((error) => this.fail(error));
    if (!this.isRunning || this.pace > 0) this.tellRest(slot);
  }

  request(slot, build, ...fields) {
    return slot.send(build(this.pool.nextId(), this.id, ...fields));
  }

  /** Workers that have a part in it. */
  slots() {
    return this.pool.slots.filter((slot) => slot.jobs.get(this.id) === this);
  }

  pause() {
    if (!this.isRunning) return;
    this.spent = this.elapsed();
    this.isRunning = false;
    for (const slot of this.slots()) this.tellRest(slot);
  }

  resume() {
    if (this.isRunning) return;
    this.isRunning = true;
    this.resumed = performance.now();
    for (const slot of this.slots()) this.tellRest(slot);
    this.feed();
  }

  /** While it rests, takes its models out of the workers, whose memory others need; they come back as bytes. */
  async park() {
    if (this.isRunning || this.isOver) return;
    const living = [...this.items.values()].filter(({ slot }) => slot !== null);
    await Promise.all(living.map(async (item) => {
      const { slot } = item;
      const bytes = await this.request(slot, protocol.release, item.index).catch(() => null);
      // One that is past its training stays where it is.
      if (!bytes || item.slot !== slot || item.isDone || this.isOver) return;
      item.slot = null;
      keep(item, bytes);
      this.queue.push(item.index);
    }));
    this.feed();
  }

  /** Lets every model take so many milliseconds at least. */
  setPace(pace) {
    if (pace === this.pace) return;
    this.pace = pace;
    for (const slot of this.slots()) this.tellRest(slot);
  }

  /** Lets every model, those to come as well, go on with changed settings. */
  tune(fields) {
    this.patch = JSON.stringify({ ...JSON.parse(this.patch ?? '{}'), ...fields });
    for (const slot of this.slots()) this.request(slot, protocol.tune, this.patch).catch((error) => this.fail(error));
  }

  tellRest(slot) {
    this.request(slot, protocol.rest, !this.isRunning, this.pace).catch(() => {});
  }

  /** So many steps of every model. */
  nudge(steps) {
    while (this.queue.length > 0 && this.live(this.pool.slots[0]).length < MAX_LIVE) {
      const loads = this.pool.slots.map((slot) => this.live(slot).length);
      this.assign(this.items.get(this.queue.shift()), this.pool.slots[loads.indexOf(Math.min(...loads))]);
    }
    return Promise.all(this.slots().map((slot) => this.request(slot, protocol.nudge, steps)));
  }

  /** The last reports are dealt with: the next ones may come. */
  take() {
    for (const slot of this.untaken) if (slot.jobs.has(this.id)) this.request(slot, protocol.taken).catch(() => {});
    this.untaken.clear();
  }

  /** Ends it. */
  cancel() {
    if (this.isOver) return;
    this.spent = this.elapsed();
    this.isOver = true;
    this.isRunning = false;
    for (const slot of this.slots()) {
      slot.jobs.delete(this.id);
      if (slot.worker) this.request(slot, protocol.drop).catch(() => {});
    }
  }

  receive(message, slot) {
    if (message.type === 'kept') {
      const item = this.items.get(message.index);
      if (item?.slot === slot) keep(item, message.bytes);
      return;
    }
    if (message.type !== 'progress' || this.isOver) return;
    slot.deaths = 0;
    this.speeds.set(slot, message.speed);
    const reports = [];
    for (const { index, fraction, steps, report, loss, isDone } of message.items) {
      const item = this.items.get(index);
      if (item?.slot !== slot) continue;
      Object.assign(item, { fraction, steps, isDone });
      if (report !== null) {
        item.loss = loss;
        reports.push([index, report]);
      }
      if (isDone) {
        item.slot = null;
        keep(item, null);
      } else if (report !== null) this.untaken.add(slot);
    }
    this.listener.onReports?.(reports);
    if (this.done === this.total) {
      // The gallery may ask for more.
      this.listener.onDone?.();
    } else {
      this.feed();
      this.takeOver();
    }
  }

  /** Where nothing waits, a worker that has nothing to do takes over a model from one that has several. */
  async takeOver() {
    if (this.isTakingOver || !this.isRunning || this.queue.length > 0) return;
    const idle = this.pool.slots.find((slot) => this.live(slot).length === 0);
    const busiest = this.pool.slots.map((slot) => this.live(slot)).sort((a, b) => b.length - a.length)[0];
    if (!idle || busiest.length < 2) return;
    const item = busiest.reduce((least, other) => (other.fraction < least.fraction ? other : least));
    if (item.fraction >= TAKE_OVER_BELOW) return;
    this.isTakingOver = true;
    const bytes = await this.request(item.slot, protocol.release, item.index).catch(() => null);
    this.isTakingOver = false;
    if (!bytes || item.isDone || this.isOver) return;
    keep(item, bytes);
    this.assign(item, idle);
  }

  /** Takes its models out of a worker, whose successor goes on with them. */
  leave(slot) {
    return Promise.all(this.live(slot).map(async (item) => {
      const bytes = await this.request(slot, protocol.release, item.index).catch(() => null);
      if (bytes && !item.isDone) keep(item, bytes);
    }));
  }

  /** A new worker has to be told everything. */
  revive(slot, owed, lost) {
    for (const request of owed) if (request.message.job === this.id) lost.add(request);
    for (const item of this.live(slot)) this.assign(item, slot);
  }

  fail(error) {
    if (this.isOver) return;
    this.cancel();
    this.listener.onFail?.(error);
  }
}

/** A figure of the gallery, made in one worker. */
export class GalleryJob {
  /**
   * @param {import('./pool.js').Pool} pool
   * @param {GalleryListener} listener
   */
  constructor(pool, listener) {
    this.pool = pool;
    this.listener = listener;
    this.id = pool.nextId();
    // The opening figure lives in the first ones.
    this.slot = pool.slots.reduce((least, other) => (other.jobs.size <= least.jobs.size ? other : least));
    this.isRunning = false;
    this.isResting = false;
    /** Whether the worker has forgotten it, and whether its picture is final. */
    this.isParked = false;
    this.isFinal = false;
    /** Whether its worker is at work of the gallery's own, which a new one would begin again. */
    this.isFixed = false;
    /** @type {Map<number, Uint8Array>} the last report of each model */
    this.reports = new Map();
    /** Indices of reports that the gallery has not been given. */
    this.unsent = new Set();
    this.since = 0;
    this.timer = null;
  }

  /**
   * Makes it; rejects with the core's message where the figure cannot show the spec.
   *
   * @param {string} figure
   * @param {string} spec
   */
  async create(figure, spec) {
    this.made = [figure, spec];
    this.slot.jobs.set(this.id, this);
    this.isRunning = true;
    try {
      await this.request(protocol.gallery, ...this.made);
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  request(build, ...fields) {
    return this.slot.send(build(this.pool.nextId(), this.id, ...fields));
  }

  /** @param {[number, Uint8Array][]} reports */
  give(reports) {
    for (const [index, report] of reports) {
      protocol.discard(this.reports.get(index));
      this.reports.set(index, report);
      this.unsent.add(index);
    }
    this.flush();
  }

  flush() {
    if (this.isOver || this.isParked || this.timer !== null || this.since > 0 || this.unsent.size === 0) return;
    // Copies: the gallery may have to be made anew.
    const reports = [...this.unsent].map((index) => [index, this.reports.get(index).slice()]);
    this.unsent.clear();
    this.since = performance.now();
    this.isRunning = true;
    this.request(protocol.give, reports).catch((error) => this.fail(error));
  }

  rest(isResting) {
    if (this.isResting === isResting || this.isOver) return;
    this.isResting = isResting;
    if (this.isParked) {
      if (!isResting && !this.isFinal) this.unpark();
      return;
    }
    this.request(protocol.rest, isResting).catch(() => {});
  }

  /** Lets the worker forget it: what it is made of is kept here. */
  park() {
    if (this.isOver || this.isParked || !this.made) return;
    this.isParked = true;
    this.isRunning = false;
    this.request(protocol.drop).catch(() => {});
  }

  unpark() {
    this.isParked = false;
    clearTimeout(this.timer);
    this.timer = null;
    this.remake();
  }

  remake() {
    this.request(protocol.gallery, ...this.made).catch((error) => this.fail(error));
    this.since = 0;
    for (const index of this.reports.keys()) this.unsent.add(index);
    if (this.isResting) this.request(protocol.rest, true).catch(() => {});
    this.flush();
  }

  /** The numbers behind the last picture. */
  async data() {
    if (this.isParked) this.unpark();
    return this.request(protocol.data);
  }

  cancel() {
    if (this.isOver) return;
    this.isOver = true;
    this.isRunning = false;
    clearTimeout(this.timer);
    if (this.slot.jobs.delete(this.id) && this.slot.worker) this.request(protocol.drop).catch(() => {});
  }

  receive(message, slot) {
    if (this.isOver) return;
    slot.deaths = 0;
    if (message.type === 'needs') {
      this.listener.onNeeds?.(message.jobs);
    } else if (message.type === 'piece') {
      this.isFixed = true;
      this.listener.onPiece?.(message);
    } else if (message.type === 'failed') {
      this.fail(protocol.revivedError(message.error));
    } else if (message.type === 'picture') {
      this.isRunning = false;
      this.isFinal = message.isFinal;
      this.isFixed = false;
      this.listener.onPicture?.(message);
      // What came meanwhile waits a little, so that training has the most of the time; not where there is nothing to see yet.
      const took = this.since > 0 ? performance.now() - this.since : 0;
      this.since = 0;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        this.timer = null;
        this.flush();
      }, message.bytes === null ? 0 : Math.max(GIVE_MS, GIVE_REST * took));
    }
  }

  /** A new worker makes it again, of the reports that there are. */
  revive(slot, owed, lost) {
    for (const request of owed) if (request.message.job === this.id && request.message.type !== 'data') lost.add(request);
    if (!this.isParked) this.remake();
  }

  fail(error) {
    if (this.isOver) return;
    this.cancel();
    this.listener.onFail?.(error);
  }
}
