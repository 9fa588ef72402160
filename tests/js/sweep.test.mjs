/** Sweeps and galleries: models spread over workers, pictures of their reports, and both going on after a worker died. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolSize } from '../../www/pool.js';
import { spanning, SweepJob } from '../../www/sweep.js';
import { SweepShare } from '../../www/worker-sweep.js';
import { FigureRun } from '../../www/figures/run.js';
import { History } from '../../www/figures/history.js';
import { makePool, until } from './workers.mjs';

/** The fake's steps take no time: a slice makes up to a million. */
const SPEC = { features: 5, hidden: 2, steps: 400 };
const LONG = 1e14;

const jobsOf = (count, spec = SPEC) => Array.from({ length: count }, (_, index) => ({ index, spec: { ...spec, seed: index } }));

/** A sweep with all that it reported. */
function runSweep(pool, jobs) {
  const seen = { reports: [], finals: new Map(), isDone: false, errors: [] };
  seen.job = new SweepJob(pool, {
    onReports: (reports) => {
      for (const [index, json] of reports) {
        const report = JSON.parse(json);
        seen.reports.push([index, report]);
        if (report.status === 'done') seen.finals.set(index, (seen.finals.get(index) ?? 0) + 1);
      }
      if (seen.isTaking !== false) seen.job.take();
    },
    onDone: () => { seen.isDone = true; },
    onFail: (error) => seen.errors.push(error),
  });
  seen.job.add(jobs);
  return seen;
}

function runFigure(pool, spec) {
  const seen = { pictures: [], errors: [] };
  seen.run = new FigureRun(pool, {
    onPicture: (picture) => seen.pictures.push(picture),
    onProgress: () => {},
    onFail: (error) => seen.errors.push(error),
  });
  seen.started = seen.run.start('basic-small', JSON.stringify(spec));
  return seen;
}

test('a machine’s workers: all cores but one, two at least, two on a phone', () => {
  assert.deepEqual([1, 2, 3, 8, 64].map((cores) => poolSize(cores, false)), [1, 2, 2, 7, 8]);
  assert.equal(poolSize(8, true), 2);
});

test('the first of an order span the whole, and each comes once', () => {
  assert.deepEqual(spanning(8), [0, 4, 2, 6, 1, 5, 3, 7]);
  for (const n of [1, 2, 5, 20, 63]) assert.deepEqual([...spanning(n)].sort((a, b) => a - b), Array.from({ length: n }, (_, idx) => idx));
});

test('every model is trained once, on all workers, and every point has a value early', async () => {
  const { pool, workers } = makePool(2);
  const sweep = runSweep(pool, jobsOf(20, { ...SPEC, steps: 1e9 }));
  await until('a value of each', () => new Set(sweep.reports.map(([index]) => index)).size === 20, 20_000);
  assert.equal(sweep.finals.size, 0, 'provisional values come before the first is done');
  await until('the end', () => sweep.isDone, 20_000);
  assert.deepEqual([...sweep.finals.values()], Array(20).fill(1));
  assert.equal(workers.length, 2);
  assert.equal(sweep.job.fraction, 1);
  const losses = sweep.reports.filter(([, { status }]) => status === 'done').map(([, { loss }]) => loss);
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  assert.ok(Math.abs(sweep.job.loss / mean - 1) < 1e-12, `the mean loss is ${sweep.job.loss}, not ${mean}`);
});

test('more models than live at a time wait for their turn', async () => {
  const { pool } = makePool(1);
  const sweep = runSweep(pool, jobsOf(150, { ...SPEC, steps: 20 }));
  assert.equal(sweep.job.live(pool.slots[0]).length, 96);
  await until('the end', () => sweep.isDone, 20_000);
  assert.equal(sweep.finals.size, 150);
});

test('no model is asked before its first step, and the first reports come together', () => {
  const share = new SweepShare(1);
  const told = [];
  const model = () => ({
    steps: 0,
    fraction: 0,
    loss: 1,
    isDone: false,
    advance(steps) { this.steps += steps; return steps; },
    report() {
      assert.ok(this.steps > 0, 'a loss would have to be measured on its own');
      return new Uint8Array(1);
    },
  });
  // Models come one between two slices, as messages do.
  for (let turn = 0; turn < 12; turn += 1) {
    if (turn < 3) share.add(turn, model());
    share.slice((message) => told.push(message.items.map(({ index }) => index)));
  }
  assert.deepEqual(told[0].sort(), [0, 1, 2]);
});

test('reports of a long run come ever less often, until the reader changes something', (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  // A share with one model, whose steps take as long as they are meant to; gives the times between its reports up to a moment.
  const runShare = (pace) => {
    const share = new SweepShare(1);
    share.rest(false, pace, () => {});
    const model = { steps: 0, fraction: 0, loss: 1, isDone: false, set() {}, save: () => null, report: () => new Uint8Array(1) };
    share.add(0, { ...model, advance(steps) { now += 10; return steps; } });
    let last = now;
    const gapsUntil = (end) => {
      const gaps = [];
      while (now < end) {
        share.slice(({ type }) => {
          if (type !== 'progress') return;
          gaps.push(now - last);
          last = now;
          share.isTaken = true;
        });
      }
      return gaps;
    };
    return { share, gapsUntil };
  };
  const { share, gapsUntil } = runShare(0);
  const early = gapsUntil(4000).slice(1);
  assert.ok(Math.min(...early) >= 80 && Math.max(...early) <= 100, `${early}`);
  const late = gapsUntil(100_000);
  for (const [idx, gap] of late.entries()) assert.ok(gap >= (late[idx - 1] ?? 0) - 10, `${gap} after ${late[idx - 1]}`);
  assert.ok(late.at(-1) >= 1000 && late.at(-1) <= 1020, `${late.at(-1)}`);
  share.tune('{}');
  const [, ...tuned] = gapsUntil(now + 1000);
  assert.ok(tuned.length >= 8, `${tuned}`);
  now = 0;
  const paced = runShare(30_000).gapsUntil(30_000).slice(1);
  assert.ok(Math.max(...paced) <= 100, `what keeps a pace moves evenly: ${paced}`);
});

test('reports wait until the page has taken the last ones', async () => {
  const { pool } = makePool(1);
  const sweep = runSweep(pool, jobsOf(4, { ...SPEC, steps: LONG }));
  sweep.isTaking = false;
  await until('reports', () => sweep.reports.length > 0);
  const count = sweep.reports.length;
  const { fraction } = sweep.job;
  await until('progress', () => sweep.job.fraction > fraction);
  await new Promise((resolve) => { setTimeout(resolve, 600); });
  assert.equal(sweep.reports.length, count);
  sweep.job.take();
  await until('the next', () => sweep.reports.length > count);
  sweep.job.cancel();
});

test('a sweep goes on in new workers from where each model was', async () => {
  const { pool, workers } = makePool(2);
  const sweep = runSweep(pool, jobsOf(6, { ...SPEC, steps: LONG }));
  await until('a value of each', () => new Set(sweep.reports.map(([index]) => index)).size === 6);
  for (const worker of workers) worker.size = 1e8;
  const steps = new Map([...sweep.job.items].map(([index, item]) => [index, item.steps]));
  const seen = sweep.reports.length;
  await pool.renew();
  assert.deepEqual(workers.map(({ isDead }) => isDead), [true, true, false, false]);
  // Younger than the bytes that a worker posts by itself.
  for (const [index, item] of sweep.job.items) assert.ok(item.bytes?.byteLength > 0, `model ${index} was taken along`);
  await until('new values', () => new Set(sweep.reports.slice(seen).map(([index]) => index)).size === 6);
  for (const [index, item] of sweep.job.items) assert.ok(item.steps >= steps.get(index), `model ${index}`);
  assert.deepEqual(sweep.errors, []);
  sweep.job.cancel();
});

test('a sweep rests and goes on, and a cancelled one is over', async () => {
  const { pool } = makePool(2);
  const sweep = runSweep(pool, jobsOf(6, { ...SPEC, steps: LONG }));
  await until('progress', () => sweep.job.steps > 0);
  sweep.job.pause();
  await new Promise((resolve) => { setTimeout(resolve, 600); });
  const { steps } = sweep.job;
  await new Promise((resolve) => { setTimeout(resolve, 600); });
  assert.equal(sweep.job.steps, steps);
  await sweep.job.nudge(7);
  assert.ok(sweep.job.steps >= steps + 7, 'a nudge moves what rests');
  const nudged = sweep.job.steps;
  sweep.job.resume();
  await until('more', () => sweep.job.steps > nudged);
  sweep.job.cancel();
  assert.equal(pool.slots.every((slot) => slot.jobs.size === 0), true);
});

test('models of a worker that died go on in its successor from their last bytes', async () => {
  const { pool, workers } = makePool(2);
  const sweep = runSweep(pool, jobsOf(6, { ...SPEC, steps: LONG }));
  await until('bytes', () => [...sweep.job.items.values()].some(({ bytes, slot }) => bytes !== null && slot === pool.slots[0]), 20_000);
  const kept = [...sweep.job.items.values()].filter(({ bytes, slot }) => bytes !== null && slot === pool.slots[0])
    .map(({ index, bytes }) => [index, JSON.parse(new TextDecoder().decode(bytes)).made]);
  const before = sweep.reports.length;
  workers[0].crash();
  await until('a value of each again', () => kept.every(([index]) => sweep.reports.slice(before).some(([other]) => other === index)), 20_000);
  for (const [index, made] of kept) {
    const [, report] = sweep.reports.slice(before).find(([other]) => other === index);
    assert.ok(report.steps >= made, `model ${index} is at ${report.steps}, after ${made}`);
  }
  assert.deepEqual(sweep.errors, []);
  assert.equal(workers.length, 3);
  sweep.job.cancel();
});

test('a change on the way reaches models in workers, those that wait, and those of a worker that died', async (t) => {
  const { pool, workers } = makePool(1);
  t.after(() => pool.close());
  const sweep = runSweep(pool, jobsOf(100, { ...SPEC, steps: LONG }));
  t.after(() => sweep.job.cancel());
  const ratesSince = (before) => new Map(sweep.reports.slice(before).map(([index, { rate }]) => [index, rate]));
  await until('some to report, some to wait', () => sweep.reports.length > 0 && sweep.job.queue.length > 0);
  await until('bytes of before', () => [...sweep.job.items.values()].some(({ bytes }) => bytes !== null), 20_000);
  sweep.job.tune({ learning_rate: 0.5 });
  // What was on its way is told yet.
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  const tuned = sweep.reports.length;
  await until('reports of all in the worker', () => ratesSince(tuned).size >= 96, 20_000);
  assert.deepEqual(new Set(ratesSince(tuned).values()), new Set([0.5]));
  workers[0].crash();
  const crashed = sweep.reports.length;
  await until('reports of a successor', () => ratesSince(crashed).size >= 96, 20_000);
  assert.deepEqual(new Set(ratesSince(crashed).values()), new Set([0.5]));
  // Those that wait are given work when others are ended by it.
  sweep.job.tune({ steps: 1 });
  await until('the end of all', () => sweep.isDone, 20_000);
  assert.equal(sweep.finals.size, 100);
  assert.deepEqual(new Set([...ratesSince(crashed).values()]), new Set([0.5]));
  assert.deepEqual(sweep.errors, []);
});

test('a worker that has nothing left takes over', async () => {
  const { pool } = makePool(2);
  // Every other one is short, so that one worker has done long before the other.
  const jobs = jobsOf(8).map((job) => ({ ...job, spec: { ...job.spec, steps: LONG } }));
  const sweep = runSweep(pool, jobs);
  for (const item of sweep.job.items.values()) if (item.slot === pool.slots[0]) item.isShort = true;
  await until('reports', () => sweep.reports.length >= 8);
  // The first worker loses what it has, as if it were done.
  for (const item of sweep.job.live(pool.slots[0])) {
    await sweep.job.request(item.slot, (id, job, index) => ({ type: 'release', id, job, index }), item.index);
    Object.assign(item, { slot: null, isDone: true, fraction: 1 });
  }
  await sweep.job.takeOver();
  assert.equal(sweep.job.live(pool.slots[0]).length, 1);
  sweep.job.cancel();
});

test('a figure: models for its gallery, pictures on the way, the last one final', async () => {
  const { pool } = makePool(2);
  const { run, pictures, started, errors } = runFigure(pool, { ...SPEC, steps: 1e9, models: 5, more: 2 });
  await started;
  run.drive(true);
  await until('the end', () => pictures.at(-1)?.isFinal, 20_000);
  assert.ok(pictures.length >= 3, `${pictures.length} pictures`);
  assert.equal(run.specs.size, 7);
  assert.deepEqual(await run.data(), Array.from({ length: 7 }, (_, index) => [index, 1e9]));
  assert.equal(pictures.at(-1).sentence, '7 models');
  assert.deepEqual(errors, []);
});

test('what a figure cannot show is refused when it is made, or later, without harm', async () => {
  const { pool, workers } = makePool(2);
  await assert.rejects(runFigure(pool, { ...SPEC, refused: true }).started, { message: 'features: got 5, expected fewer' });
  const odd = runFigure(pool, { ...SPEC, odd: true });
  await odd.started;
  odd.run.drive(true);
  await until('the refusal', () => odd.errors.length > 0);
  assert.match(odd.errors[0].message, /^seed: got 3/);
  assert.ok(workers.length <= 2, 'no worker had to die');
  assert.ok(pool.slots.every((slot) => slot.jobs.size === 0));
});

test('a gallery whose worker died is made again of the reports that there were', async () => {
  const { pool, workers } = makePool(2);
  const { run, pictures, started, errors } = runFigure(pool, { ...SPEC, steps: 3e9, models: 4, more: 2 });
  await started;
  run.drive(true);
  await until('a picture', () => pictures.length > 0 && pictures[0].bytes !== null);
  workers.find((worker) => pool.slots.some((slot) => slot.worker === worker && slot === run.gallery.slot)).crash();
  await until('the end', () => pictures.at(-1)?.isFinal, 20_000);
  assert.deepEqual((await run.data()).map(([index]) => index), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(errors, []);
});

test('a figure out of view holds no worker, and goes on from where it was', async () => {
  const { pool } = makePool(2);
  const { run, pictures, started, errors } = runFigure(pool, { ...SPEC, steps: 1000, models: 4 });
  await started;
  run.drive(true, 600);
  await until('a picture', () => pictures.length > 0 && run.sweep.steps > 20);
  run.drive(false);
  run.park();
  await until('the release', () => run.sweep.queue.length === 4);
  assert.ok(pool.slots.every((slot) => run.sweep.live(slot).length === 0));
  const { steps } = run.sweep;
  assert.ok(steps > 0);
  run.drive(true, 600);
  await until('more steps', () => run.sweep.steps > steps);
  await until('the end', () => pictures.at(-1)?.isFinal, 20_000);
  run.drive(false);
  run.park();
  assert.deepEqual(await run.data(), Array.from({ length: 4 }, (_, index) => [index, 1000]));
  assert.deepEqual(errors, []);
});

test('past pictures are thinned, the first and the newest stay', () => {
  const history = new History({ maxPictures: 10, maxBytes: 400 });
  for (let steps = 0; steps < 57; steps += 1) history.push({ bytes: new Uint8Array(30), steps, sentence: '', isFinal: false });
  const kept = history.pictures.map(({ steps }) => steps);
  assert.ok(kept.length <= 10 && history.bytes <= 400);
  assert.deepEqual([kept[0], kept.at(-1)], [0, 56]);
  history.push({ bytes: new Uint8Array(30), steps: 56, sentence: 'again', isFinal: true });
  assert.equal(history.pictures.at(-1).sentence, 'again');
  assert.equal(history.pictures.filter(({ steps }) => steps === 56).length, 1);
});

test('forgotten pictures are freed at once, but for those that are looked at', () => {
  const entries = Array.from({ length: 5 }, (_, steps) => ({ bytes: new Uint8Array(30), steps, sentence: '', isFinal: false }));
  const history = new History({ maxPictures: 4, isHeld: (past) => past === entries[3] });
  for (const entry of entries) history.push(entry);
  assert.deepEqual(history.pictures, [entries[0], entries[2], entries[4]]);
  history.clear();
  assert.deepEqual(entries.map(({ bytes }) => bytes.length), [0, 0, 0, 30, 0]);
});
