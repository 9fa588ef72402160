/** The protocol and the worker, over a MessageChannel and on the fake façade. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as protocol from '../../www/protocol.js';
import { FakeWorker, until } from './workers.mjs';

const SPEC = JSON.stringify({ features: 5, hidden: 2, seed: 3, steps: 1e15 });

/** A worker with a module, and a way to ask it. */
async function started() {
  const worker = new FakeWorker();
  let lastId = 100;
  const ask = async (build, ...fields) => {
    lastId += 1;
    const id = lastId;
    worker.postMessage(build(id, ...fields));
    const answer = () => worker.received.find((message) => message.id === id && ['done', 'failed'].includes(message.type));
    await until(`the answer to ${build.name}`, answer);
    return answer();
  };
  const last = (type, id = 1) => worker.received.findLast((message) => message.type === type && message.id === id);
  await ask(protocol.init, 'simd128', {});
  return { worker, ask, last };
}

test('every builder makes a message of the closed set, with its id', () => {
  const builders = Object.entries(protocol).filter(([name]) => protocol.REQUESTS.includes(name) || protocol.ANSWERS.includes(name));
  assert.equal(builders.length, protocol.REQUESTS.length + protocol.ANSWERS.length);
  for (const [name, build] of builders) {
    const message = build(7, {});
    assert.equal(message.type, name);
    assert.equal(message.id, 7);
    assert.ok(protocol.isMessage(message, [...protocol.REQUESTS, ...protocol.ANSWERS]));
  }
  assert.ok(Object.isFrozen(protocol.REQUESTS) && Object.isFrozen(protocol.ANSWERS));
});

test('errors cross as data and come back as errors', () => {
  const error = protocol.revivedError(structuredClone(protocol.plainError(new RangeError('seed: got -1, expected more'))));
  assert.ok(error instanceof Error);
  assert.deepEqual([error.name, error.message], ['RangeError', 'seed: got -1, expected more']);
  assert.match(error.stack, /RangeError/);
  assert.deepEqual(protocol.plainError('odd'), { name: 'Error', message: 'odd', stack: '' });
});

test('arrays of a state are handed over, once each', () => {
  const weights = new Float32Array(4);
  const message = protocol.state(1, 1, { snapshot: { weights, bias: new Float32Array(weights.buffer, 0, 1), cells: 1 } });
  assert.deepEqual(protocol.transferables(message), [weights.buffer]);
});

test('reports are handed over on both ways; what the page may have to send again stays', () => {
  const [first, second] = [new Uint8Array(4), new Uint8Array(5)];
  const progress = protocol.progress(1, [{ index: 0, report: first }, { index: 1, report: null }, { index: 2, report: second }], 10);
  assert.deepEqual(protocol.transferables(progress), [first.buffer, second.buffer]);
  assert.deepEqual(protocol.transferables(protocol.give(1, 2, [[0, first], [2, second]])), [first.buffer, second.buffer]);
  for (const kept of [protocol.work(1, 2, 0, '{}', first), protocol.restore(1, 2, 3, first), protocol.column(1, 2, 0, new Float32Array(2)), protocol.cells(1, 2, new Uint32Array(3))]) {
    assert.deepEqual(protocol.transferables(kept), [], kept.type);
  }
});

test('what is no request is refused by name and harms nobody', async () => {
  const { worker, ask } = await started();
  for (const junk of [null, 5, 'run', {}, { type: 'eval', id: 9 }, { type: 'run' }, { type: 'state', id: 9 }]) worker.postMessage(junk);
  await until('the refusals', () => worker.received.filter((message) => message.type === 'failed').length === 7);
  assert.equal((await ask(protocol.run, 55, null)).error.message, 'job 55: there is no such TrainJob');
  assert.equal((await ask(protocol.ping)).type, 'done');
  worker.terminate();
});

test('a bad spec gets the core’s message, and the job keeps what it had', async () => {
  const { worker, ask, last } = await started();
  assert.equal((await ask(protocol.create, 1, 1, SPEC)).type, 'done');
  await ask(protocol.step, 1, 10);
  const refused = await ask(protocol.create, 1, 2, '{"features":"x","hidden":2}');
  assert.equal(refused.type, 'failed');
  assert.equal(refused.error.message, 'features: got "x", expected an integer from 1 to 4096');
  assert.equal((await ask(protocol.set, 1, '{"hidden":0.5}')).type, 'failed');
  await ask(protocol.snapshot, 1);
  assert.equal(last('state').state.step, 10);
  worker.terminate();
});

test('a run can be paused, and messages get in between its slices', async () => {
  const { worker, ask, last } = await started();
  await ask(protocol.create, 1, 1, SPEC);
  await ask(protocol.run, 1, null);
  await until('steps', () => last('state').state.step > 0);
  await ask(protocol.pause, 1);
  const { step } = last('state').state;
  await new Promise((resolve) => { setTimeout(resolve, 60); });
  await ask(protocol.snapshot, 1);
  assert.equal(last('state').state.step, step);
  assert.equal(last('state').running, false);
  worker.terminate();
});

test('a throttled run makes the steps it was asked for, not more', async () => {
  const { worker, ask, last } = await started();
  await ask(protocol.create, 1, 1, SPEC);
  const start = performance.now();
  await ask(protocol.run, 1, 200);
  await new Promise((resolve) => { setTimeout(resolve, 700); });
  await ask(protocol.pause, 1);
  const owed = ((performance.now() - start) / 1000) * 200;
  const { step } = last('state').state;
  assert.ok(step <= owed && step > owed / 2, `${step} steps where ${owed.toFixed(0)} were owed`);
  worker.terminate();
});

test('states come at most once a frame', async () => {
  const { worker, ask } = await started();
  await ask(protocol.create, 1, 1, SPEC);
  await ask(protocol.run, 1, null);
  const before = worker.received.length;
  await new Promise((resolve) => { setTimeout(resolve, 400); });
  const states = worker.received.slice(before).filter((message) => message.type === 'state').length;
  assert.ok(states >= 3 && states <= 400 / 16 + 2, `${states} states in 400 ms`);
  worker.terminate();
});

test('slices of 1 and of 97 come to the same', async () => {
  const { worker, ask, last } = await started();
  await ask(protocol.create, 1, 1, SPEC);
  await ask(protocol.step, 1, 500, 1);
  const fine = last('state');
  await ask(protocol.reset, 1, 2, null);
  await ask(protocol.step, 1, 500, 97);
  const coarse = last('state');
  assert.equal(coarse.generation, 2);
  assert.equal(fine.state.loss, coarse.state.loss);
  assert.deepEqual(fine.snapshot.weights, coarse.snapshot.weights);
  worker.terminate();
});

test('saved bytes bring a job back where it was', async () => {
  const { worker, ask, last } = await started();
  await ask(protocol.create, 1, 1, SPEC);
  await ask(protocol.step, 1, 40);
  const { value } = await ask(protocol.save, 1);
  await ask(protocol.reset, 1, 2, 9);
  await ask(protocol.restore, 1, 3, value);
  assert.deepEqual([last('state').state.step, last('state').generation], [40, 3]);
  worker.terminate();
});

test('cells of a grid are streamed, then the chunk is done', async () => {
  const { worker, ask } = await started();
  const spec = JSON.stringify({ sweep: [{ count: 4 }, { count: 4 }] });
  await ask(protocol.grid, 1, spec);
  assert.equal((await ask(protocol.cells, 1, Uint32Array.of(5, 0, 7))).type, 'done');
  const trained = worker.received.filter((message) => message.type === 'trained');
  assert.deepEqual(trained.flatMap(({ cells }) => [...cells]), [5, 0, 7]);
  assert.deepEqual(trained.flatMap(({ classes }) => [...classes]), [2, 0, 1]);
  worker.terminate();
});

test('a panic ends the worker, and it says so', async () => {
  const { worker, ask } = await started();
  await ask(protocol.create, 1, 1, JSON.stringify({ features: 2, hidden: 1, panic_at: 50 }));
  worker.postMessage(protocol.run(200, 1, null));
  await until('the last word', () => worker.received.some((message) => message.type === 'fatal'));
  const n = worker.received.length;
  worker.postMessage(protocol.ping(201));
  await new Promise((resolve) => { setTimeout(resolve, 30); });
  assert.equal(worker.received.slice(n).length, 0);
  worker.terminate();
});
