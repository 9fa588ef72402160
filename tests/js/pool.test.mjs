/** The pool: sharing out work, and going on after a worker died. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolSize } from '../../www/pool.js';
import { makePool, until } from './workers.mjs';

const SPEC = JSON.stringify({ features: 5, hidden: 2, seed: 3, steps: 1e15 });
const GRID = JSON.stringify({ sweep: [{ count: 40 }, { count: 40 }] });

/** A job with all states that it reported. */
function makeJob(pool) {
  const states = [];
  const errors = [];
  const job = pool.train({ onState: (message) => states.push(message), onFail: (error) => errors.push(error) });
  return { job, states, errors, step: () => states.at(-1)?.state.step ?? -1 };
}

test('the size follows the machine, within limits', () => {
  assert.deepEqual([1, 2, 64, 0, NaN].map((cores) => poolSize(cores)), [1, 2, 8, 2, 2]);
});

test('jobs go to the worker with the fewest, and workers start only when needed', async () => {
  const { pool, workers } = makePool(3);
  const jobs = [0, 1, 2, 3].map(() => pool.train({}, 2));
  assert.deepEqual(jobs.map((job) => pool.slots.indexOf(job.slot)), [0, 1, 0, 1]);
  await jobs[0].create(SPEC);
  assert.equal(workers.length, 1);
});

test('answers arrive at whoever asked, refusals too', async () => {
  const { pool } = makePool(1);
  const { job, step } = makeJob(pool);
  await job.create(SPEC);
  await job.step(12);
  assert.equal(step(), 12);
  await assert.rejects(job.set({ features: 'x' }), { message: 'features: got "x", expected an integer from 1 to 4096' });
});

test('states of an older restart are not passed on', async () => {
  const { pool } = makePool(1);
  const { job, states } = makeJob(pool);
  await job.create(SPEC);
  job.run(null);
  await until('steps', () => states.at(-1)?.state.step > 100);
  const count = states.length;
  await job.create(JSON.stringify({ ...JSON.parse(SPEC), seed: 4, steps: 0 }));
  for (const message of states.slice(count)) assert.equal(message.state.step, 0);
});

for (const [name, end] of [['crashed', (worker) => worker.crash()], ['fell silent', (worker) => worker.kill()]]) {
  test(`a job goes on from its last bytes in place of a worker that ${name}`, async () => {
    const { pool, workers } = makePool(1);
    const { job, states, errors, step } = makeJob(pool);
    await job.create(SPEC);
    await job.step(500);
    await job.run(200);
    await until('steps', () => step() > 500);
    end(workers[0]);
    const seen = states.length;
    await until('a new worker', () => workers.length === 2);
    await until('steps again', () => states.length > seen + 2);
    assert.equal(states[seen].state.step, 500, 'it starts from the saved bytes');
    assert.ok(step() > 500, 'and goes on');
    assert.equal(states.at(-1).running, true);
    assert.deepEqual(errors, []);
  });
}

test('a worker whose memory has grown gives way to a new one, which goes on from the last step', async () => {
  const { pool, workers } = makePool(1);
  const { job, states, errors, step } = makeJob(pool);
  await job.create(SPEC);
  await pool.renew();
  assert.equal(workers.length, 1, 'a small one stays');
  await job.step(500);
  // Beyond the bytes that were saved at its last stop.
  await job.run(200);
  await until('steps', () => step() > 520);
  workers[0].size = 1e8;
  const [reached, seen] = [step(), states.length];
  await pool.renew();
  assert.ok(workers.length === 2 && workers[0].isDead && !workers[1].isDead);
  await until('steps again', () => states.length > seen + 2);
  assert.ok(states.slice(seen).every(({ state }) => state.step >= reached), 'no step is lost');
  assert.equal(states.at(-1).running, true);
  assert.deepEqual(errors, []);
});

test('workers stand still for a moment when they are asked to', async () => {
  const { pool } = makePool(1);
  const { job, step } = makeJob(pool);
  await job.create(SPEC);
  await job.run(null);
  await until('steps', () => step() > 100);
  pool.calm();
  const asked = performance.now();
  await job.snapshot();
  const before = step();
  await job.snapshot();
  // The machine may be slow: what is told of a later time says nothing.
  const isWithin = performance.now() - asked < 100;
  assert.ok(!isWithin || step() === before, `${step() - before} steps within the calm`);
  await until('steps after it', () => step() > before);
});

test('a request that was under way when the worker died is carried out by the next, once', async () => {
  const { pool, workers } = makePool(1);
  const { job, step } = makeJob(pool);
  await job.create(SPEC);
  await job.step(100);
  workers[0].kill();
  const answer = job.step(11);
  workers[0].onerror({ message: 'gone' });
  await answer;
  assert.equal(step(), 111);
});

test('a job that kills every worker fails, and the others of its worker are told', async () => {
  const { pool, workers } = makePool(1);
  const bad = makeJob(pool);
  await bad.job.create(JSON.stringify({ features: 2, hidden: 1, panic_at: 1 }));
  bad.job.run(null).catch(() => {});
  await until('the end', () => bad.errors.length > 0);
  assert.equal(workers.length, 4);
  assert.match(bad.errors[0].message, /unreachable/);
});

test('a worker that cannot start is an error, not a wait', async () => {
  const { pool } = makePool(1, 20, Promise.reject(new Error('no module')));
  const { job } = makeJob(pool);
  await assert.rejects(job.create(SPEC), { message: 'no module' });
});

function runGrid(pool, order) {
  const seen = new Map();
  const result = { seen, errors: [], isDone: false };
  result.job = pool.grid(GRID, order, {
    onCells: ({ cells, classes }) => cells.forEach((cell, idx) => {
      seen.set(cell, (seen.get(cell) ?? 0) + 1);
      assert.equal(classes[idx], cell % 3);
    }),
    onDone: () => { result.isDone = true; },
    onFail: (error) => result.errors.push(error),
  });
  return result;
}

test('a grid is shared out, every cell trained once', async () => {
  const { pool, workers } = makePool(3);
  const order = Array.from({ length: 1600 }, (_, idx) => (idx * 7) % 1600);
  const grid = runGrid(pool, order);
  await until('all cells', () => grid.isDone);
  assert.equal(grid.seen.size, 1600);
  assert.ok([...grid.seen.values()].every((count) => count === 1));
  assert.equal(workers.length, 3);
  for (const worker of workers) assert.ok(worker.received.some((message) => message.type === 'trained'), 'each had a share');
});

test('cells of a worker that died are trained by its successor', async () => {
  const { pool, workers } = makePool(2);
  const grid = runGrid(pool, Array.from({ length: 1600 }, (_, idx) => idx));
  await until('some cells', () => grid.seen.size > 0);
  workers[0].crash();
  await until('all cells', () => grid.isDone);
  assert.equal(grid.seen.size, 1600);
  assert.deepEqual(grid.errors, []);
  assert.equal(workers.length, 3);
});

test('a paused grid rests and goes on; a cancelled one ends', async () => {
  const { pool } = makePool(2);
  // So many that the fake's cells, which take no time, are not all done between two looks.
  const total = 400_000;
  const grid = runGrid(pool, Array.from({ length: total }, (_, idx) => idx));
  grid.job.pause();
  // What a worker had been given before the pause is still trained.
  await until('rest', () => [...grid.job.waiting.values()].every((count) => count === 0));
  const paused = grid.seen.size;
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  assert.ok(paused < total && grid.seen.size === paused);
  grid.job.resume();
  await until('more cells', () => grid.seen.size > paused);
  grid.job.cancel();
  const cancelled = grid.seen.size;
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  assert.ok(grid.seen.size === cancelled && !grid.isDone);
});
