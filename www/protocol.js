/**
 * What page and worker say to each other: a closed set of messages, each a plain object with a `type` and an `id`.
 *
 * A request's `id` is answered by exactly one `done` or `failed` with the same `id`. Events (`state`, `saved`, `trained`, and those of sweeps and galleries)
 * carry the `id` of the job they are about. Ids are numbers from one counter on the page, so that a job and a
 * request never share one. Arrays cross as transferred copies. This module imports nothing.
 *
 * @typedef {{name: string, message: string, stack: string}} PlainError
 * @typedef {{type: string, id: number, [field: string]: unknown}} Message
 */

/** Types of the messages from the page. */
export const REQUESTS = Object.freeze([
  'init', 'extend', 'create', 'restore', 'run', 'pause', 'step', 'set', 'column', 'reset', 'snapshot', 'save', 'drop', 'grid', 'cells', 'ping', 'calm',
  'work', 'rest', 'tune', 'nudge', 'release', 'taken', 'gallery', 'give', 'data',
]);

/** Types of the messages from the worker. */
export const ANSWERS = Object.freeze([
  'done', 'failed', 'fatal', 'state', 'saved', 'trained', 'progress', 'kept', 'needs', 'piece', 'picture',
]);

/** Hands over the compiled module; the worker makes its own instance of it. */
export const init = (id, level, module) => ({ type: 'init', id, level, module });
/** Hands over the second part of the module, which sweeps, grids and galleries need. */
export const extend = (id, module) => ({ type: 'extend', id, module });
/** Makes the trainer of a job, or replaces it. `generation` comes back with every state, so that stale ones are known. */
export const create = (id, job, generation, spec) => ({ type: 'create', id, job, generation, spec });
/** Makes the trainer of a job from saved bytes. */
export const restore = (id, job, generation, bytes) => ({ type: 'restore', id, job, generation, bytes });
/** Trains until told otherwise; `rate` is a number of steps a second, or null for as fast as it goes. */
export const run = (id, job, rate) => ({ type: 'run', id, job, rate });
/** Stops training; the trainer stays. */
export const pause = (id, job) => ({ type: 'pause', id, job });
/** Makes so many steps at once, in slices of `slice`. */
export const step = (id, job, count, slice = count) => ({ type: 'step', id, job, count, slice });
/** Changes settings live. */
export const set = (id, job, patch) => ({ type: 'set', id, job, patch });
/** Puts a feature's column of W where a hand holds it: `values` has an entry a hidden dimension. */
export const column = (id, job, feature, values) => ({ type: 'column', id, job, feature, values });
/** Back to step 0; `seed` null keeps the seed. */
export const reset = (id, job, generation, seed) => ({ type: 'reset', id, job, generation, seed });
/** Asks for a `state` now. */
export const snapshot = (id, job) => ({ type: 'snapshot', id, job });
/** Asks for the bytes to restore from. */
export const save = (id, job) => ({ type: 'save', id, job });
/** Forgets a job of either kind. */
export const drop = (id, job) => ({ type: 'drop', id, job });
/** Makes the grid of a job. */
export const grid = (id, job, spec) => ({ type: 'grid', id, job, spec });
/** Trains these cells of a grid, each reported in a `trained` event. */
export const cells = (id, job, list) => ({ type: 'cells', id, job, cells: list });
/** Takes on a job of a sweep: the resolved spec of one model, from `bytes` where there are some, with what was changed since as `patch`. */
export const work = (id, job, index, spec, bytes = null, patch = null) => ({ type: 'work', id, job, index, spec, bytes, patch });
/** Changes settings of every job of a sweep on its way: fields as JSON text. */
export const tune = (id, job, patch) => ({ type: 'tune', id, job, patch });
/** Lets a sweep or a gallery rest, or go on; a sweep's models take `pace` milliseconds at least, so that they can be watched. */
export const rest = (id, job, isResting, pace = 0) => ({ type: 'rest', id, job, isResting, pace });
/** Advances every job of a sweep by so many steps. */
export const nudge = (id, job, steps) => ({ type: 'nudge', id, job, steps });
/** Gives a job of a sweep back: its bytes, or null where it has ended. */
export const release = (id, job, index) => ({ type: 'release', id, job, index });
/** The page has dealt with the last reports of a sweep: the next ones may come. */
export const taken = (id, job) => ({ type: 'taken', id, job });
/** Makes a gallery's figure. */
export const gallery = (id, job, figure, spec) => ({ type: 'gallery', id, job, figure, spec });
/** Gives reports to a gallery, pairs of index and JSON text. */
export const give = (id, job, reports) => ({ type: 'give', id, job, reports });
/** The numbers behind a gallery's last picture, as JSON text. */
export const data = (id, job) => ({ type: 'data', id, job });
/** Is anyone there? The answer is how many bytes its module holds. */
export const ping = (id) => ({ type: 'ping', id });
/** Nothing is trained for so many milliseconds. */
export const calm = (id, ms) => ({ type: 'calm', id, ms });

/** The answer to a request. */
export const done = (id, value = null) => ({ type: 'done', id, value });
/** The answer to a request that was refused. */
export const failed = (id, error) => ({ type: 'failed', id, error: plainError(error) });
/** The worker cannot go on: its instance panicked. */
export const fatal = (id, error) => ({ type: 'fatal', id, error: plainError(error) });
/** How a job stands, with its picture. `measures` is null where they were not taken anew. */
export const state = (id, generation, fields) => ({ type: 'state', id, generation, ...fields });
/** Bytes from which the job can go on. */
export const saved = (id, generation, step, bytes) => ({ type: 'saved', id, generation, step, bytes });
/** Trained cells of a grid, as arrays of one entry a cell (`weights` all of each model). */
export const trained = (id, fields) => ({ type: 'trained', id, ...fields });
/** How jobs of a sweep stand: `items` of `{index, fraction, steps, report, loss, isDone}`, `report` bytes and their loss, or null; steps a second. */
export const progress = (id, items, speed) => ({ type: 'progress', id, items, speed });
/** Bytes from which a job of a sweep can go on. */
export const kept = (id, index, bytes) => ({ type: 'kept', id, index, bytes });
/** A gallery asks for models: `{index, spec}` each. */
export const needs = (id, jobs) => ({ type: 'needs', id, jobs });
/** A gallery works something out itself. */
export const piece = (id, what, made, of) => ({ type: 'piece', id, what, made, of });
/** What a gallery shows now; `bytes` null where there is nothing yet. */
export const picture = (id, bytes, sentence, isFinal) => ({ type: 'picture', id, bytes, sentence, isFinal });

/**
 * An error as data: structured clones of errors lose their name in some browsers.
 *
 * @param {unknown} error
 * @returns {PlainError}
 */
export function plainError(error) {
  if (error instanceof Error) {
    return { name: error.name, message: error.message, stack: String(error.stack ?? '') };
  }
  return { name: 'Error', message: String(error), stack: '' };
}

/**
 * The error again, for whoever catches it.
 *
 * @param {PlainError} plain
 * @returns {Error}
 */
export function revivedError({ name, message, stack }) {
  const error = new Error(message);
  error.name = name;
  if (stack) error.stack = stack;
  return error;
}

/**
 * Whether a value is a message of one of these types.
 *
 * @param {unknown} value
 * @param {readonly string[]} types
 * @returns {value is Message}
 */
export function isMessage(value, types) {
  return typeof value === 'object' && value !== null && types.includes(value.type) && Number.isSafeInteger(value.id);
}

/**
 * The buffers of a message that are handed over rather than copied. The page keeps what it may have to send again: of its messages only
 * `give` hands over its reports, which are copies.
 *
 * @param {Message} message
 * @returns {ArrayBuffer[]}
 */
export function transferables(message) {
  if (message.type !== 'give' && REQUESTS.includes(message.type)) return [];
  const holders = [message, message.snapshot ?? {}, ...(message.items ?? []), ...(message.reports ?? [])];
  const views = holders.flatMap((holder) => Object.values(holder)).filter((value) => ArrayBuffer.isView(value));
  return [...new Set(views.map(({ buffer }) => buffer))];
}

/** One end of a channel whose other end is closed: what is handed over here is gone. */
const { port1: bin, port2: end } = new MessageChannel();
end.close();

/**
 * Frees bytes that nobody needs any more: a collection may be long in coming. (`transfer` does not free what came in a message.)
 *
 * @param {Uint8Array | null | undefined} bytes the whole of a buffer
 */
export function discard(bytes) {
  if (bytes?.byteLength > 0) bin.postMessage(null, [bytes.buffer]);
}
