/**
 * Start-up of a network in a process of its own: cold, with an empty folder for compiled shaders, and warm. Only Mesa's
 * cache can be emptied by an environment variable; on other drivers both are warm.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { TlxError } from "@tlx/kernels";
import { assertAgree } from "../suite/agree.js";
import type { SuiteCase } from "../suite/context.js";
import type { Result } from "../suite/result.js";
import { checkedNetwork } from "../suite/seeded-network.js";
import { median, spreadOf } from "../suite/statistics.js";
import type { StartUp } from "./startup-child.js";

const COLD = "startup/mobilenet-v2/cold";
const WARM = "startup/mobilenet-v2/warm";
const TOLERANCE = 1e-3;
const child = fileURLToPath(new URL("./startup-child.js", import.meta.url));

function startOnce(cache: string, adapter: string | undefined): StartUp {
  const done = spawnSync(process.execPath, [child, ...(adapter === undefined ? [] : [adapter])], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    env: { ...process.env, MESA_SHADER_CACHE_DIR: cache },
  });
  if (done.status === 0) return JSON.parse(done.stdout) as StartUp;
  throw new TlxError(
    "E_DEVICE",
    `start-up: its process ended with ${done.signal ?? done.status}: ${done.stderr.trim()}`,
  );
}

const totalMs = ({ openMs, compileMs, firstRunMs }: StartUp): number => openMs + compileMs + firstRunMs;

function describe(name: string, runs: readonly StartUp[]): Result {
  const totals = runs.map(totalMs);
  const of = (pick: (run: StartUp) => number): number => median(runs.map(pick));
  return {
    ...{ name, medianMs: median(totals), spread: spreadOf(totals), runs: runs.length },
    ...{ checked: true, ratios: {}, peers: {}, dispatches: runs[0]!.dispatches },
    figures: {
      importMs: of((r) => r.importMs),
      openMs: of((r) => r.openMs),
      compileMs: of((r) => r.compileMs),
      firstRunMs: of((r) => r.firstRunMs),
      pipelines: runs[0]!.pipelines,
      residentBytes: of((r) => r.residentBytes),
    },
  };
}

/** From opening the device to the first logits of MobileNetV2 at batch 1; making its weights is left out. */
export const startUpCase = (adapter: string | undefined): SuiteCase => ({
  quick: false,
  names: () => [COLD, WARM],
  async run({ isWanted }) {
    const { expected } = checkedNetwork("mobilenet-v2");
    const runs: Record<"cold" | "warm", StartUp[]> = { cold: [], warm: [] };
    for (let round = 0; round < 3; round++) {
      const cache = mkdtempSync(path.join(os.tmpdir(), "tlx-shader-cache-"));
      try {
        for (const kind of ["cold", "warm"] as const) {
          const found = startOnce(cache, adapter);
          assertAgree(kind === "cold" ? COLD : WARM, found.logits, expected, TOLERANCE);
          runs[kind].push(found);
        }
      } finally {
        rmSync(cache, { recursive: true, force: true });
      }
    }
    return { results: [describe(COLD, runs.cold), describe(WARM, runs.warm)].filter(({ name }) => isWanted(name)) };
  },
});
