/** How the parts of the core join each other, on the page's thread and in every worker. */

/** The parts after the first, in the order in which they join it. */
const LATER = ['gallery', 'seldom'];

/**
 * Gathers the parts of this thread's core, once, and brings what is called before it is there.
 *
 * @param {() => URL} folder where the build's files are
 */
export function gather(folder) {
  /** The exports of the parts that are there, which those after them import. */
  const exports = {};
  const join = (name, module) => {
    exports[name] ??= new WebAssembly.Instance(module, exports).exports;
  };

  // Called by the core when something rare comes before its part does, such as the message of an error: it cannot go on without, so
  // this waits.
  globalThis.superpositionRest = () => {
    const name = LATER.find((part) => !(part in exports));
    const request = new XMLHttpRequest();
    request.open('GET', fileOf(name, folder()), false);
    // A page's request that waits gives text only: a byte a letter.
    request.overrideMimeType('text/plain; charset=x-user-defined');
    request.send();
    join(name, new WebAssembly.Module(Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0))));
  };

  return {
    /** The first part is there, with these exports. */
    begin(first) {
      exports.core = first;
    },
    /** Makes the core whole with a later part, if it was not there; those before it must be. */
    join,
  };
}

/**
 * Where a later part is.
 *
 * @param {string} name
 * @param {URL} folder of the build
 */
export function fileOf(name, folder) {
  return new URL(`${name}.wasm`, folder);
}
