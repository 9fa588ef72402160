/**
 * Who draws when: all figures of a page share the frames, so that no frame is busy for long. It knows nothing of what is drawn.
 */

/** Drawing takes so many milliseconds of a frame, over all figures; what does not fit waits for the next one. */
const DRAW_MS = 8;

/** A frame that took longer, from its first drawing until the browser is through with it, is slow. */
const SLOW_MS = 30;
/** Slow frames are told at most this often. */
const TELL_SLOW_MS = 500;

/** Comes back when the browser is through with a frame. */
const through = new MessageChannel();
through.port1.onmessage = ({ data: start }) => {
  const now = performance.now();
  if (now - start < SLOW_MS || now - slow.told < TELL_SLOW_MS) return;
  slow.told = now;
  slow.tell();
};
through.port1.unref?.(); // In Node an open port keeps the process.
const slow = { tell: () => {}, told: -Infinity };

/** Calls `tell` after a slow frame: whoever keeps the processor busy may leave it to those that follow. */
export function whenSlow(tell) {
  slow.tell = tell;
}

/** What waits for the next frame, in the order in which it comes; what had to wait comes first. */
const frame = { waiting: new Set(), late: [], now: null, handle: 0, start: 0, isUsed: false, told: null };

/** Calls `draw` once in the next animation frame, however often it is asked. */
export function frameScheduler(draw) {
  return {
    ask() {
      frame.waiting.add(draw);
      frame.handle ||= requestAnimationFrame(drawFrame);
    },
    cancel() {
      frame.waiting.delete(draw);
      frame.late = frame.late.filter((other) => other !== draw);
    },
  };
}

/**
 * Whether there is room in this frame for what took so many milliseconds the last time: the first thing always has it. Who has none asks
 * for another frame.
 *
 * @param {number} cost
 */
export function hasRoom(cost) {
  if (frame.isUsed && performance.now() - frame.start + cost > DRAW_MS) {
    frame.late.push(frame.now);
    return false;
  }
  frame.isUsed = true;
  return true;
}

/**
 * Calls `tell`, which changes texts, when all that has room in this frame is drawn: a canvas that is told its font after a text has
 * changed makes the browser work out the page's styles at once, and so again for every canvas.
 *
 * @param {() => void} tell
 */
export function afterDrawing(tell) {
  if (frame.told === null) tell();
  else frame.told.push(tell);
}

function drawFrame() {
  const due = [...frame.waiting];
  Object.assign(frame, { waiting: new Set(), late: [], handle: 0, start: performance.now(), isUsed: false, told: [] });
  for (const [idx, draw] of due.entries()) {
    if (performance.now() - frame.start > DRAW_MS) {
      frame.late.push(...due.slice(idx));
      break;
    }
    frame.now = draw;
    attempt(draw);
  }
  const { told } = frame;
  frame.told = null;
  told.forEach(attempt);
  through.port2.postMessage(frame.start);
  if (frame.late.length === 0) return;
  frame.waiting = new Set([...frame.late, ...frame.waiting]);
  frame.handle ||= requestAnimationFrame(drawFrame);
}

/** What fails is reported, and the other figures go on. */
function attempt(act) {
  try {
    act();
  } catch (error) {
    reportError(error);
  }
}
