/** Kernel choices reach every program of a training, decide the key of its features, and are part of its snapshots. */
import { type Choice, Gpu } from "@tlx/kernels";
import { candidatesOf, type GraphProblem, Program, problemsOf } from "@tlx/nn";
import {
  featureSourceOf,
  graphsOfTraining,
  Predictor,
  predictionGraph,
  prepareJob,
  type Snapshot,
  type TrainInput,
  type TrainSettings,
} from "@tlx/transfer";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { readSnapshot, writeSnapshot } from "../src/run/snapshot-file.js";
import { madePictures, tinyModel, tinyTraining } from "./tiny-model.js";
import { trainToEnd } from "./train-to-end.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = new Gpu((await testGpu()).device);
});
afterAll(() => {
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

/** A candidate that is not the default: the plain one, unless it is. */
function otherThanDefault(of: GraphProblem): Choice | undefined {
  const [, ...rest] = candidatesOf(of, gpu.capabilities);
  const other = rest.find(({ variant }) => variant === of.op.variants.at(-1)!.name) ?? rest[0];
  return other && { variant: other.variant, settings: other.settings };
}

/** For every problem of a training that has one. */
function others(input: TrainInput): Map<string, Choice> {
  const graphs = graphsOfTraining(prepareJob(input), gpu.capabilities);
  const unusual = problemsOf(graphs, gpu.capabilities).flatMap((of): [string, Choice][] => {
    const other = otherThanDefault(of);
    return other ? [[of.key, other]] : [];
  });
  return new Map(unusual);
}

interface Compiled {
  readonly label: string;
  readonly used: ReadonlyMap<string, Choice>;
}

/** Runs `work`, and says with which choices programs were compiled. */
async function watch(work: () => Promise<unknown>): Promise<Compiled[]> {
  const compile = vi.spyOn(Program, "compile");
  try {
    await work();
    return compile.mock.calls.map(([, , , options]) => ({
      label: options!.label!,
      used: options!.choices ?? new Map(),
    }));
  } finally {
    compile.mockRestore();
  }
}

const settings: readonly { readonly name: string; readonly settings: Partial<TrainSettings> }[] = [
  { name: "the head", settings: { epochs: 2, batch: 8, extractBatch: 3 } },
  {
    name: "everything, live and in parts",
    settings: { epochs: 2, batch: 8, unfreeze: "all", augment: "light", accumulate: 2 },
  },
  { name: "the head, live", settings: { epochs: 1, batch: 8, augment: "light", extractBatch: 3 } },
];

describe.each(settings)("training $name", (change) => {
  it("compiles every program with the choices, and tuning knows all their problems", async () => {
    const input = tinyTraining(gpu, { settings: change.settings });
    const choices = others(input);
    expect(choices.size).toBeGreaterThan(1);
    const seen = new Set<string>();
    const known = new Set(
      problemsOf(graphsOfTraining(prepareJob(input), gpu.capabilities), gpu.capabilities).map((p) => p.key),
    );
    const compile = vi.spyOn(Program, "compile");
    await trainToEnd({ ...input, choices });
    for (const [, graph, , options] of compile.mock.calls) {
      if (options!.label === "mixing") continue;
      expect(options!.choices, options!.label).toEqual(choices);
      for (const { key } of problemsOf([graph], gpu.capabilities)) seen.add(key);
    }
    compile.mockRestore();
    expect([...known].sort()).toEqual([...seen].sort());
  });
});

describe("choices", () => {
  it("decide the key of the features where they replace a default, and only there", () => {
    const input = tinyTraining(gpu);
    const { plan } = prepareJob(input);
    const sourceWith = (choices?: ReadonlyMap<string, Choice>) =>
      featureSourceOf(gpu, plan.prefix!, plan.frontier, tinyModel.preprocess, { choices });
    const usual = sourceWith();
    expect(sourceWith(new Map())).toEqual(usual);
    expect(sourceWith(new Map([["conv2d(elsewhere) {}", { variant: "plain" }]]))).toEqual(usual);
    const defaults = problemsOf(graphsOfTraining(prepareJob(input), gpu.capabilities), gpu.capabilities).map((of) => {
      const [first] = candidatesOf(of, gpu.capabilities);
      return [of.key, { variant: first!.variant, settings: first!.settings }] as const;
    });
    expect(sourceWith(new Map(defaults))).toEqual(usual);
    expect(sourceWith(others(input)).kernels).toMatch(/conv2d/);
  });

  it("are those of the snapshot when a run is resumed, whatever was found since", async () => {
    const input = tinyTraining(gpu, { settings: { epochs: 4, batch: 5, saveSteps: 1, unfreeze: "all" } });
    const choices = others(input);
    const whole = await trainToEnd({ ...input, choices });
    const snapshots = whole.events.flatMap((e): Snapshot[] => (e.type === "snapshot" ? [e.snapshot] : []));
    const resume = await readSnapshot(await writeSnapshot(snapshots[5]!));
    for (const since of [undefined, new Map()]) {
      let result: unknown;
      const compiled = await watch(async () => {
        result = (await trainToEnd({ ...input, choices: since, resume })).result.weights;
      });
      expect(compiled[0]!.used).toEqual(choices);
      expect(result).toEqual(whole.result.weights);
    }
    const plain = await trainToEnd(input);
    const [first] = plain.events.flatMap((e): Snapshot[] => (e.type === "snapshot" ? [e.snapshot] : []));
    expect(first!.position).not.toHaveProperty("choices");
    const compiled = await watch(() => trainToEnd({ ...input, choices, resume: first! }));
    expect(compiled[0]!.used.size).toBe(0);
  });

  it("are used by a predictor", async () => {
    const { result } = await trainToEnd(tinyTraining(gpu));
    const network = { graph: prepareJob(tinyTraining(gpu)).plan.graph, weights: result.weights };
    const of = problemsOf([predictionGraph(network, 2)], gpu.capabilities).find(({ op }) => op.name === "conv2d")!;
    const choices = new Map([[of.key, otherThanDefault(of)!]]);
    const probs: Float32Array[][] = [];
    for (const given of [undefined, choices]) {
      const options = { preprocess: tinyModel.preprocess, labels: ["red", "blue"], batch: 2, choices: given };
      const predictor = await Predictor.create(gpu, network, options);
      const rows: Float32Array[] = [];
      for await (const row of predictor.run(
        madePictures([
          { file: "a", label: 0 },
          { file: "b", label: 1 },
        ]),
      )) {
        if ("row" in row) rows.push(row.row);
      }
      probs.push(rows);
      predictor.dispose();
    }
    const apart = probs[0]!.flatMap((row, i) => [...row].map((p, k) => Math.abs(p - probs[1]![i]![k]!)));
    expect(apart).toHaveLength(4);
    expect(Math.max(...apart)).toBeLessThan(1e-5);
  });
});
