/**
 * What a worker does for figures of many models: its share of a sweep, and the gallery that makes a picture of the reports.
 * A share goes round its jobs in slices, so that every point of a figure has a first value soon.
 */

import * as protocol from './protocol.js';

/** Length of a slice in milliseconds. */
const SLICE_MS = 10;
/** Paced models move about so often. */
const FRAME_MS = 30;
/** Provisional reports come at most this often, and less often where making them takes long. */
const REPORT_MS = 80;
/** Making reports may take one part in so many of the time. */
const REPORT_SHARE = 10;
/**
 * The next comes when so much more of the time has passed since the reader changed something, and within a second: what models of a long
 * run learn between two pictures is ever less, and the page takes as long over reports as it takes to make them.
 */
const REPORT_GROWTH = 1 / 50;
const LONGEST_REPORT_MS = 1000;
/** Speed is taken over about this long, and pieces of a gallery's own work are told this often. */
const SPEED_MS = 400;
/** How often a job posts the bytes that it can go on from. */
const SAVE_MS = 4000;

/** The jobs of one sweep in this worker. */
export class SweepShare {
  static label = 'SweepShare';

  constructor(id) {
    this.id = id;
    /** @type {Map<number, object>} in the order of their turns */
    this.items = new Map();
    this.isResting = false;
    /** Milliseconds that every model takes at least, and for how long the share has worked without a rest. */
    this.pace = 0;
    this.worked = 0;
    this.since = performance.now();
    /** Whether the page has dealt with the last reports. */
    this.isTaken = true;
    // Until the first reports longer, for while a worker is new all takes longer.
    this.reportMs = 4 * REPORT_MS;
    this.lastReport = performance.now();
    this.lastChange = this.lastReport;
    this.hasReported = false;
    /** How many models there were at the slice before. */
    this.nBefore = 0;
    /** Indices whose reports are being made, and those that are made. */
    this.pending = [];
    this.batch = [];
    this.spent = 0;
    this.window = { time: performance.now(), steps: 0 };
  }

  /** @param {number} index @param {object} job the façade's */
  add(index, job) {
    this.items.get(index)?.job.free();
    // Before its first step a model has nothing to tell: its loss would have to be measured on its own. The first slices are short, so that all
    // tell something soon; they double from turn to turn.
    this.items.set(index, { index, job, sliceSteps: 1, begin: this.clock(performance.now()) - job.fraction * this.pace, isDirty: false, lastSave: performance.now() });
  }

  /** Milliseconds of work so far. */
  clock(now) {
    return this.worked + (this.isResting ? 0 : now - this.since);
  }

  rest(isResting, pace, post) {
    const now = performance.now();
    this.worked = this.clock(now);
    this.since = now;
    // The last word before a rest is how far all are.
    if (isResting && !this.isResting && this.items.size > 0) {
      const items = [...this.items.values()].map(({ index, job }) => ({ index, fraction: job.fraction, steps: job.steps, report: null, isDone: false }));
      post(protocol.progress(this.id, items, 0));
    }
    this.isResting = isResting;
    this.lastChange = now;
    if (pace === this.pace) return;
    this.pace = pace;
    for (const item of this.items.values()) item.begin = this.worked - item.job.fraction * pace;
  }

  /** Milliseconds until a model is due. */
  dueIn(item, clock) {
    return this.pace === 0 ? 0 : item.job.fraction * this.pace - (clock - item.begin);
  }

  wait(now) {
    if (this.isResting || this.items.size === 0) return Infinity;
    if (this.pending.length > 0 || this.pace === 0) return 0;
    const clock = this.clock(now);
    return Math.max(0, Math.min(...[...this.items.values()].map((item) => this.dueIn(item, clock))));
  }

  slice(post) {
    const now = performance.now();
    if (this.pending.length > 0) {
      this.makeReports(post, now);
      return;
    }
    const clock = this.clock(now);
    const item = [...this.items.values()].find((each) => this.dueIn(each, clock) <= 0);
    if (item === undefined) return;
    // Whoever had a turn goes to the end.
    this.items.delete(item.index);
    this.items.set(item.index, item);
    this.advance(item, item.sliceSteps, post);
    // The first reports as soon as all have something to tell, for a figure may need every one of them; models come one between two slices.
    const areAll = this.items.size === this.nBefore && [...this.items.values()].every(({ isDirty }) => isDirty);
    this.nBefore = this.items.size;
    if ((areAll && !this.hasReported) || performance.now() - this.lastReport >= this.reportMs) this.beginReports();
  }

  advance(item, steps, post) {
    const start = performance.now();
    const made = item.job.advance(steps);
    const now = performance.now();
    item.isDirty = true;
    this.window.steps += made;
    if (made === item.sliceSteps) {
      const factor = now > start ? SLICE_MS / (now - start) : 2;
      // A paced model moves in small steps.
      const most = this.pace === 0 ? 1e6 : Math.max(1, (item.job.steps / Math.max(item.job.fraction, 1e-9)) * (FRAME_MS / this.pace));
      item.sliceSteps = Math.max(1, Math.min(most, Math.round(item.sliceSteps * Math.min(2, Math.max(0.25, factor)))));
    }
    if (item.job.isDone) {
      this.items.delete(item.index);
      const done = { index: item.index, fraction: 1, steps: item.job.steps, report: item.job.report(), loss: item.job.loss, isDone: true };
      item.job.free();
      post(protocol.progress(this.id, [done], this.speed(now)));
    } else if (now - item.lastSave >= SAVE_MS) {
      item.lastSave = now;
      const bytes = item.job.save();
      // A model that is trained has none: what comes after training is short.
      if (bytes) post(protocol.kept(this.id, item.index, bytes));
    }
  }

  /** Steps a second since it was last asked. */
  speed(now) {
    const { time, steps } = this.window;
    if (now - time >= SPEED_MS) {
      this.window = { time: now, steps: 0 };
      this.lastSpeed = (steps / (now - time)) * 1000;
    }
    return this.lastSpeed ?? 0;
  }

  beginReports() {
    this.hasReported = true;
    this.pending = [...this.items.values()].filter(({ isDirty }) => isDirty).map(({ index }) => index);
    this.batch = [];
    this.spent = 0;
    this.isReporting = this.isTaken;
  }

  /** Goes on with the reports that are due, for a slice. */
  makeReports(post, start) {
    while (this.pending.length > 0 && performance.now() - start < SLICE_MS) {
      const item = this.items.get(this.pending.pop());
      if (item === undefined) continue;
      // Where the page is still busy with the last reports, it is told how far the jobs are, and no more.
      const report = this.isReporting ? item.job.report() : null;
      if (report !== null) item.isDirty = false;
      this.batch.push({ index: item.index, fraction: item.job.fraction, steps: item.job.steps, report, loss: item.job.loss, isDone: false });
    }
    const now = performance.now();
    this.spent += now - start;
    if (this.pending.length > 0) return;
    if (this.isReporting) this.isTaken = false;
    this.lastReport = now;
    this.reportMs = Math.max(REPORT_MS, REPORT_SHARE * this.spent, this.waitForNews(now));
    if (this.batch.length > 0) post(protocol.progress(this.id, this.batch, this.speed(now)));
    this.batch = [];
  }

  /** Milliseconds until there is something new to see. */
  waitForNews(now) {
    // As long as models could still keep the pace, they are to move evenly.
    const late = Math.max(0, now - this.lastChange - this.pace);
    return Math.min(LONGEST_REPORT_MS, REPORT_GROWTH * late);
  }

  /** @param {string} patch fields that every job takes on, as JSON */
  tune(patch) {
    this.lastChange = performance.now();
    this.reportMs = REPORT_MS;
    for (const { job } of this.items.values()) job.set(patch);
  }

  /** Steps of every job, and their reports at once. */
  nudge(steps, post) {
    for (const item of [...this.items.values()]) this.advance(item, steps, post);
    this.beginReports();
    this.isReporting = true;
    while (this.pending.length > 0) this.makeReports(post, performance.now());
  }

  /** Gives a job up: its bytes, or null. */
  release(index) {
    const item = this.items.get(index);
    const bytes = item?.job.save();
    if (!bytes) return null;
    item.job.free();
    this.items.delete(index);
    return bytes;
  }

  free() {
    for (const { job } of this.items.values()) job.free();
    this.items.clear();
    this.pending = [];
  }
}

/** A figure of the gallery. */
export class GalleryMaker {
  static label = 'GalleryMaker';

  /** @param {number} id @param {object} gallery the façade's */
  constructor(id, gallery) {
    this.id = id;
    this.gallery = gallery;
    this.isResting = false;
    this.isWorking = true;
    this.isPictureDue = false;
    this.lastPiece = -Infinity;
  }

  /** @param {[number, string][]} reports @param {(message: object) => void} post */
  give(reports, post) {
    for (const [index, report] of reports.sort(([a], [b]) => a - b)) {
      try {
        this.gallery.take(index, report);
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) throw error;
        // A gallery that was made anew asks for its later models only when it knows of the earlier ones.
        this.catchUp(post);
        this.gallery.take(index, report);
      }
      protocol.discard(report);
    }
    this.isWorking = true;
    this.isPictureDue = true;
  }

  catchUp(post) {
    let step;
    do step = JSON.parse(this.gallery.step());
    while (step.need === 'time');
    if (step.need === 'jobs') post(protocol.needs(this.id, step.jobs));
  }

  rest(isResting) {
    this.isResting = isResting;
  }

  wait() {
    return this.isWorking && !this.isResting ? 0 : Infinity;
  }

  slice(post) {
    const start = performance.now();
    let step;
    try {
      do step = JSON.parse(this.gallery.step());
      while (step.need === 'time' && performance.now() - start < SLICE_MS);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      // A figure that cannot be made of these reports: the worker is as well as ever.
      this.isWorking = false;
      post(protocol.failed(this.id, error));
      return;
    }
    if (step.need === 'time') {
      if (start - this.lastPiece >= SPEED_MS) {
        this.lastPiece = start;
        post(protocol.piece(this.id, step.what, step.done, step.of));
      }
      return;
    }
    this.isWorking = false;
    const isFinal = step.need === 'nothing';
    if (!isFinal && step.jobs.length > 0) post(protocol.needs(this.id, step.jobs));
    if (!isFinal && !this.isPictureDue) return;
    this.isPictureDue = false;
    post(protocol.picture(this.id, this.gallery.picture() ?? null, this.gallery.sentence(), isFinal));
  }

  data() {
    if (this.isWorking) {
      while (JSON.parse(this.gallery.step()).need === 'time');
      this.gallery.picture();
    }
    return this.gallery.data();
  }

  free() {
    this.gallery.free();
  }
}
