/** A training step as the trainer takes it. */
import { type ForcedVariants, type Gpu, type HostTensor, TlxError, type Value } from "@tlx/kernels";
import { cutBlock, type Graph, HYPER, optimizerHyper, Params, Program, profileProgram } from "@tlx/nn";
import { costOfTraining, type TrainingCost, trainingGraphs } from "@tlx/transfer";
import type { CheckedStep, StepContestant, StepSetup } from "./step-setup.js";

/** GPU milliseconds of one step by timestamps. */
export interface StageTimes {
  readonly prefix: number;
  readonly forward: number;
  readonly backward: number;
  readonly update: number;
}

export interface TlxStep extends StepContestant {
  readonly cost: TrainingCost;
  /** Of one step, the frozen part's included. */
  readonly dispatches: number;
  /** Before the last update. */
  loss(): Promise<number>;
  /** Undefined where the adapter has no timestamps. */
  profile(): Promise<StageTimes | undefined>;
}

/** The gradient of every block as an output, by the path of the block. */
function withGradients(step: Graph): Graph {
  const paths = [...step.blocks.keys()];
  const gradients = paths.map((path): [string, Value] => {
    const node = step.nodes.find((n) => n.path === `${path}/grad`);
    return [path, node!.outputs[0] as Value];
  });
  return { ...step, outputs: new Map([...step.outputs, ...gradients]) };
}

interface Opened {
  readonly program: Program;
  readonly params: Params;
  /** Taken so far. */
  steps: number;
}

async function valuesOf(params: Params, paths: readonly string[]): Promise<Map<string, HostTensor["data"]>> {
  return new Map([...(await params.read(paths))].map(([path, { data }]) => [path, data]));
}

/** `variants` are forced by op name. */
export async function tlxStep(gpu: Gpu, setup: StepSetup, variants: ForcedVariants = {}): Promise<TlxStep> {
  const { prefix: base, cut, tail, input, labels, learningRate } = setup;
  const graph = trainingGraphs(tail, setup.settings, false).step;
  const onlyOf = ({ nodes }: Graph): ForcedVariants => {
    const names = new Set(nodes.map(({ op }) => op.name));
    return Object.fromEntries(Object.entries(variants).filter(([name]) => names.has(name)));
  };
  const prefix =
    base && (await Program.compile(gpu, base.graph, base.weights, { label: "prefix", variants: onlyOf(base.graph) }));
  const open = async (step: Graph): Promise<Opened> => {
    const params = new Params(gpu, tail.weights, "tail", step);
    const program = await Program.compile(gpu, step, params, { label: "step", variants: onlyOf(step) });
    program.write("labels", labels);
    program.write("weights", new Float32Array(labels.length).fill(1 / labels.length));
    (prefix ?? program).write(prefix ? "image" : cut, input.data);
    return { program, params, steps: 0 };
  };
  const timed = await open(graph);
  const { program } = timed;
  const enqueue = (opened: Opened): void => {
    const { program: step } = opened;
    opened.steps++;
    step.write(HYPER, optimizerHyper("adamw", opened.steps, { learningRate, weightDecay: 0 }));
    if (prefix) {
      prefix.run();
      const { buffer, offset = 0, size } = prefix.outputBinding(cut);
      const encoder = gpu.device.createCommandEncoder({ label: "frontier" });
      encoder.copyBufferToBuffer(buffer, offset, step.inputBuffer(cut), 0, size as number);
      gpu.device.queue.submit([encoder.finish()]);
    }
    step.run();
  };
  const lossOf = async ({ program: step }: Opened): Promise<number> => (await step.read("loss")).data[0]!;
  const trained = [...setup.trainable];
  return {
    cost: costOfTraining([...(base ? [base.graph] : []), graph], gpu.capabilities),
    dispatches: program.info.dispatches + (prefix?.info.dispatches ?? 0),
    loss: () => lossOf(timed),
    async check() {
      const checked = withGradients(graph);
      const other = await open(checked);
      const step = async (): Promise<CheckedStep> => {
        enqueue(other);
        const gradients = new Map<string, ArrayLike<number>>();
        for (const path of checked.blocks.keys()) {
          const { data } = await other.program.read(path);
          for (const [param, tensor] of cutBlock(checked, path, data)) gradients.set(param, tensor.data);
        }
        return { loss: await lossOf(other), gradients, updated: await valuesOf(other.params, trained) };
      };
      try {
        const first = await step();
        // The step that is timed leaves its gradients nowhere: it must come to the same params.
        enqueue(timed);
        const updated = await valuesOf(timed.params, trained);
        for (const [path, values] of updated) {
          if (values.every((v, i) => v === first.updated.get(path)![i])) continue;
          throw new TlxError("E_VERIFY", `step: "${path}" is updated otherwise where its gradient is read`);
        }
        return [first, await step()];
      } finally {
        other.program.dispose();
        other.params.dispose();
      }
    },
    async run() {
      enqueue(timed);
      await gpu.idle();
      return undefined;
    },
    async profile() {
      if (!gpu.capabilities.timestamps) return undefined;
      const times = { prefix: 0, forward: 0, backward: 0, update: 0 };
      for (const { ms } of prefix ? await profileProgram(gpu, prefix) : []) times.prefix += ms;
      for (const { label, ms } of await profileProgram(gpu, program)) times[stageOf(label)] += ms;
      return times;
    },
    dispose() {
      program.dispose();
      timed.params.dispose();
      prefix?.dispose();
    },
  };
}

/** Labels of launches begin with the path of their node. */
function stageOf(label: string): "forward" | "backward" | "update" {
  if (label.startsWith("optimizer")) return "update";
  return label.split(" ")[0]!.endsWith("/grad") ? "backward" : "forward";
}
