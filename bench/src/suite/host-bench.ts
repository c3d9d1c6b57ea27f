/** What a run costs the host. */
import { Program } from "@tlx/nn";
import { assertAgree } from "./agree.js";
import { contest } from "./contest.js";
import type { SuiteCase, SuiteContext } from "./context.js";
import type { Result } from "./result.js";
import { checkedNetwork, makePictures } from "./seeded-network.js";
import { median, spreadOf } from "./statistics.js";

const ENCODE = "host/encode";
const RUN = "host/dispatch";
const MODEL = "mobilenet-v2";
const TOLERANCE = 1e-3;
const SECONDS = 1;

/** Milliseconds per dispatch of MobileNetV2 at batch 1: to encode, and to encode and submit. */
export const hostCase: SuiteCase = {
  quick: true,
  names: () => [ENCODE, RUN],
  async run({ gpu, isWanted, rounds, signal, stopwatch }: SuiteContext) {
    const { network, size, expected } = checkedNetwork(MODEL);
    const program = await Program.compile(gpu, network.graph, network.weights, { label: "host" });
    const results: Result[] = [];
    try {
      const verify = async (): Promise<void> =>
        assertAgree("host", (await program.read("logits")).data as Float32Array, expected, TOLERANCE);
      program.write("image", makePictures(1, size));
      program.run();
      await verify();
      const { dispatches } = program.info;
      const about = { checked: true, ratios: {}, peers: {}, dispatches } as const;
      if (isWanted(ENCODE)) {
        const encode = { name: ENCODE, run: () => void program.encode() };
        const { meanMs, marginPercent, ...found } = stopwatch.sampleNow(encode, SECONDS);
        const ms = found.ms.map((one) => one / dispatches);
        results.push({
          ...{ name: ENCODE, medianMs: median(ms), spread: spreadOf(ms), runs: ms.length },
          ...(meanMs !== undefined && { meanMs: meanMs / dispatches, marginPercent }),
          ...about,
        });
      }
      if (isWanted(RUN)) {
        // The device is emptied after each run: the queue must not grow while the host is timed.
        const run = async (): Promise<number> => {
          const start = performance.now();
          program.run();
          const ms = performance.now() - start;
          await gpu.idle();
          return ms;
        };
        const [timing] = await contest([{ name: RUN, run, times: dispatches }], {
          rounds: Math.max(rounds, 20),
          signal,
          stopwatch,
        });
        results.push({ ...timing!, ...about });
        await verify();
      }
    } finally {
      program.dispose();
    }
    return { results };
  },
};
