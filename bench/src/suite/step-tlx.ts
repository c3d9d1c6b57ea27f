/** A training step as the trainer takes it. */
import type { ForcedVariants, Gpu, Value } from "@tlx/kernels";
import { cutBlock, type Graph, HYPER, optimizerHyper, Params, Program } from "@tlx/nn";
import { costOfTraining, type TrainingCost, trainingGraphs } from "@tlx/transfer";
import type { StepContestant, StepSetup } from "./step-setup.js";

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
  const open = async (step: Graph): Promise<{ program: Program; params: Params }> => {
    const params = new Params(gpu, tail.weights, "tail", step);
    const program = await Program.compile(gpu, step, params, { label: "step", variants: onlyOf(step) });
    program.write("labels", labels);
    program.write("weights", new Float32Array(labels.length).fill(1 / labels.length));
    (prefix ?? program).write(prefix ? "image" : cut, input.data);
    return { program, params };
  };
  const { program, params } = await open(graph);
  let steps = 0;
  const enqueue = (step: Program): void => {
    steps++;
    const numbers = { learningRate, weightDecay: 0 };
    step.write(HYPER, optimizerHyper("adamw", steps, numbers));
    if (prefix) {
      prefix.run();
      const { buffer, offset = 0, size } = prefix.outputBinding(cut);
      const encoder = gpu.device.createCommandEncoder({ label: "frontier" });
      encoder.copyBufferToBuffer(buffer, offset, step.inputBuffer(cut), 0, size as number);
      gpu.device.queue.submit([encoder.finish()]);
    }
    step.run();
  };
  return {
    cost: costOfTraining([...(base ? [base.graph] : []), graph], gpu.capabilities),
    dispatches: program.info.dispatches + (prefix?.info.dispatches ?? 0),
    async check() {
      const checked = withGradients(graph);
      const { program: other, params: start } = await open(checked);
      try {
        enqueue(other);
        steps = 0;
        const gradients = new Map<string, ArrayLike<number>>();
        for (const path of checked.blocks.keys()) {
          const { data } = await other.read(path);
          for (const [param, tensor] of cutBlock(checked, path, data)) gradients.set(param, tensor.data);
        }
        return { loss: (await other.read("loss")).data[0]!, gradients };
      } finally {
        other.dispose();
        start.dispose();
      }
    },
    async step() {
      enqueue(program);
      return (await program.read("loss")).data[0]!;
    },
    async run() {
      enqueue(program);
      await gpu.idle();
      return undefined;
    },
    async profile() {
      if (!gpu.capabilities.timestamps) return undefined;
      const times = { prefix: 0, forward: 0, backward: 0, update: 0 };
      for (const { ms } of (await prefix?.profile()) ?? []) times.prefix += ms;
      for (const { label, ms } of await program.profile()) times[stageOf(label)] += ms;
      return times;
    },
    dispose() {
      program.dispose();
      params.dispose();
      prefix?.dispose();
    },
  };
}

/** Labels of launches begin with the path of their node. */
function stageOf(label: string): "forward" | "backward" | "update" {
  if (label.startsWith("optimizer")) return "update";
  return label.split(" ")[0]!.endsWith("/grad") ? "backward" : "forward";
}
