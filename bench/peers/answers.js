/**
 * The peer's side of bench/src/suite/peer-questions.ts: answers questions that come one at a time.
 *
 * `open(adapter)` gives { version, adapter, prepare(work) }; `prepare` gives ready work
 *   sets       how many input sets there are
 *   outputs()  a map of typed arrays, of set 0
 *   read()     what shows after the timed runs whether they went well; left out: outputs()
 *   enqueue(set)  starts one run, resolves when the next may be started; may give figures of the run
 *   settle()   resolves when the device is idle
 *   dispose()
 * or throws: an error while preparing means that the peer cannot do it, and its message says why. Any other error ends the peer.
 */

/**
 * The answers of a peer, by kind of question.
 * @param {(adapter: object) => Promise<object>} open
 */
export function answersOf(open) {
  const ready = new Map();
  let peer;
  let count = 0;
  return {
    async open({ adapter: wanted }) {
      peer = await open(wanted);
      return { version: peer.version, adapter: peer.adapter };
    },
    async prepare({ work }) {
      let made;
      try {
        made = await peer.prepare(work);
        const outputs = await made.outputs();
        await warm(made);
        ready.set(++count, { made, next: 0 });
        return { prepared: count, outputs };
      } catch (error) {
        // After a trap the memory of a WebAssembly module cannot be trusted: the next work gets a new process.
        if (error instanceof WebAssembly.RuntimeError) throw error;
        await made?.dispose();
        return { cannot: oneLine(error) };
      }
    },
    async run({ prepared, times }) {
      const entry = ready.get(prepared);
      const { made } = entry;
      let figures = {};
      const start = performance.now();
      for (let i = 0; i < times; i++) {
        const found = await made.enqueue(entry.next++ % made.sets);
        if (found) figures = found;
      }
      await made.settle();
      return { ms: performance.now() - start, figures };
    },
    read({ prepared }) {
      const { made } = ready.get(prepared);
      return made.read ? made.read() : made.outputs();
    },
    async dispose({ prepared }) {
      await ready.get(prepared).made.dispose();
      ready.delete(prepared);
    },
  };
}

/** Inputs are uploaded and kernels compiled by the first use. */
async function warm(made) {
  for (let set = 1; set < made.sets; set++) await made.enqueue(set);
  await made.settle();
}

const oneLine = (error) =>
  String(error?.message ?? error)
    .split("\n")[0]
    .slice(0, 300);
