/**
 * Start-up of a network in a process of its own: cold (an empty shader cache folder) and warm. `npm run bench -- startup`
 * Only Mesa's cache can be emptied by an environment variable; on other drivers both figures are warm.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Gpu } from "@tlx/kernels";
import { optimizeForInference, Program } from "@tlx/nn";
import { benchNetwork } from "./bench-network.js";
import { saveResults } from "./protocol.js";

interface StartUp {
  readonly openMs: number;
  readonly loadMs: number;
  readonly compileMs: number;
  readonly firstRunMs: number;
  readonly pipelines: number;
  readonly dispatches: number;
}

/** One start-up in this process; the parent asks for it with `startup-child`. */
export async function startUpOnce(open: () => Promise<Gpu>, weightsFile: string | undefined): Promise<void> {
  const marks = [performance.now()];
  const mark = (): void => void marks.push(performance.now());
  const gpu = await open();
  mark();
  const { network } = await benchNetwork(weightsFile);
  const optimized = optimizeForInference(network);
  mark();
  const program = await Program.compile(gpu, optimized.graph, optimized.weights, { label: "startup" });
  mark();
  program.write("image", new Float32Array(224 * 224 * 3));
  program.run();
  await program.read("logits");
  mark();
  const [openMs, loadMs, compileMs, firstRunMs] = marks.slice(1).map((m, i) => m - marks[i]!);
  console.log(
    JSON.stringify({
      openMs,
      loadMs,
      compileMs,
      firstRunMs,
      pipelines: gpu.pipelines.size,
      dispatches: program.info.dispatches,
    }),
  );
  program.dispose();
  gpu.dispose();
}

/** Starts the network in two processes, the first with an empty shader cache; prints and saves both. */
export async function benchStartUp(
  gpu: Gpu,
  weightsFile: string | undefined,
  adapter: string | undefined,
): Promise<void> {
  const cache = mkdtempSync(path.join(os.tmpdir(), "tlx-shader-cache-"));
  const run = (): StartUp => {
    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    const options = Object.entries({ weights: weightsFile, adapter }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}=${value}`],
    );
    const args = [main, "startup-child", ...options];
    const child = spawnSync(process.execPath, args, {
      encoding: "utf8",
      env: { ...process.env, MESA_SHADER_CACHE_DIR: cache },
    });
    if (child.status !== 0) throw new Error(`start-up failed:\n${child.stderr}`);
    return JSON.parse(child.stdout) as StartUp;
  };
  try {
    const results = { cold: run(), warm: run() };
    for (const [name, r] of Object.entries(results)) {
      console.log(
        `${name}: open ${r.openMs.toFixed(0)} ms, load and fold ${r.loadMs.toFixed(0)} ms, compile ${r.compileMs.toFixed(0)} ms, first run ${r.firstRunMs.toFixed(0)} ms; ${r.pipelines} pipelines, ${r.dispatches} dispatches`,
      );
    }
    console.log(`\nsaved ${saveResults("startup", gpu, results)}`);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}
