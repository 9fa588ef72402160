/**
 * What can be said of a phase diagram without drawing or training it: pure functions of classes in a grid, row by row.
 */

/** The class of a cell that has not been trained. */
export const PENDING = 255;

/**
 * How far experiment and theory agree.
 *
 * A cell is near a boundary if theory gives another class to one of the eight cells around it: there the losses of two
 * solutions are almost equal, and which wins says little.
 *
 * @param {Uint8Array} theory
 * @param {Uint8Array} classes
 * @param {number} columns
 * @returns {{trained: number, agree: number, inner: number, innerAgree: number}} cells
 */
export function agreement(theory, classes, columns) {
  const counts = { trained: 0, agree: 0, inner: 0, innerAgree: 0 };
  for (let cell = 0; cell < classes.length; cell += 1) {
    if (classes[cell] === PENDING) continue;
    const agrees = Number(classes[cell] === theory[cell]);
    counts.trained += 1;
    counts.agree += agrees;
    if (!isNearBoundary(theory, cell, columns)) {
      counts.inner += 1;
      counts.innerAgree += agrees;
    }
  }
  return counts;
}

/** Whether theory gives another class to one of the cells around this one. */
export function isNearBoundary(theory, cell, columns) {
  const rows = theory.length / columns;
  const [row, column] = [Math.floor(cell / columns), cell % columns];
  for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
    for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) {
      if (theory[y * columns + x] !== theory[cell]) return true;
    }
  }
  return false;
}

/**
 * The cell that an arrow key leads to; at an edge the same.
 *
 * @param {number} cell -1 for none yet: then the middle
 * @param {string} key
 * @returns {number | null} null for any other key
 */
export function movedCell(cell, key, rows, columns) {
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -columns], End: [0, columns] }[key];
  if (!move) return null;
  if (cell < 0) return Math.floor(rows / 2) * columns + Math.floor(columns / 2);
  const clamp = (value, size) => Math.min(size - 1, Math.max(0, value));
  return clamp(Math.floor(cell / columns) + move[0], rows) * columns + clamp((cell % columns) + move[1], columns);
}
