/**
 * One run of a figure of many models: a gallery that says which models it needs and makes pictures of their reports, and the sweep
 * that trains them.
 *
 * @typedef {object} RunListener
 * @property {(picture: {bytes: Uint8Array | null, sentence: string, isFinal: boolean}) => void} onPicture
 * @property {() => void} onProgress
 * @property {(error: Error) => void} onFail
 */

import { GalleryJob, SweepJob } from '../sweep.js';

/** A run. */
export class FigureRun {
  /**
   * @param {import('../pool.js').Pool} pool
   * @param {RunListener} listener
   */
  constructor(pool, listener) {
    this.listener = listener;
    /** @type {Map<number, object>} specs of the models, resolved */
    this.specs = new Map();
    this.isFinal = false;
    this.piece = null;
    this.gallery = new GalleryJob(pool, {
      onNeeds: (jobs) => {
        for (const { index, spec } of jobs) this.specs.set(index, { ...spec, ...JSON.parse(this.sweep.patch ?? '{}') });
        this.sweep.add(jobs);
        listener.onProgress();
      },
      onPiece: (piece) => {
        this.piece = piece;
        listener.onProgress();
      },
      onPicture: (picture) => this.receive(picture),
      onFail: (error) => this.fail(error),
    });
    this.sweep = new SweepJob(pool, {
      onReports: (reports) => {
        if (reports.length > 0) this.gallery.give(reports);
        listener.onProgress();
      },
      onFail: (error) => this.fail(error),
    });
    this.sweep.pause();
  }

  /**
   * Makes the figure; rejects with the core's message where it cannot show this spec.
   *
   * @param {string} figure
   * @param {string} spec
   */
  start(figure, spec) {
    return this.gallery.create(figure, spec);
  }

  receive(picture) {
    this.sweep.take();
    this.isFinal = picture.isFinal;
    if (picture.isFinal) this.sweep.cancel();
    this.listener.onPicture(picture);
  }

  /** Trains, a model in `pace` milliseconds at least, or lets everything rest. */
  drive(isRunning, pace = 0) {
    this.sweep.setPace(pace);
    if (isRunning) this.sweep.resume();
    else this.sweep.pause();
    this.gallery.rest(!isRunning);
  }

  /** Lets every model go on with changed settings. */
  tune(fields) {
    for (const [index, spec] of this.specs) this.specs.set(index, { ...spec, ...fields });
    this.sweep.tune(fields);
  }

  /** While it rests, gives back what it holds in the workers. */
  async park() {
    this.gallery.park();
    await this.sweep.park();
    await this.sweep.pool.renew();
  }

  /** One slice of every model, while resting. */
  async nudge(steps) {
    this.gallery.rest(false);
    await this.sweep.nudge(steps);
  }

  /** The numbers behind the last picture. */
  async data() {
    return JSON.parse(await this.gallery.data());
  }

  fail(error) {
    this.sweep.cancel();
    this.gallery.cancel();
    this.listener.onFail(error);
  }

  cancel() {
    this.sweep.cancel();
    this.gallery.cancel();
  }
}
