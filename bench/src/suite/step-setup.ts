/** What a training step of the bench is made of: the same for every contestant. */
import { type Gpu, type HostTensor, relu, relu6 } from "@tlx/kernels";
import { type Network, type Node, optimizeForInference, Program, rewrite, uniformFanIn } from "@tlx/nn";
import { type Checkpoint, findModel, prepareJob, type Tail, type TrainSettings } from "@tlx/transfer";

export interface StepCase {
  readonly name: string;
  /** Name of the network. */
  readonly network: string;
  readonly checkpoint: Checkpoint | "none";
  readonly settings: Partial<TrainSettings> & { readonly batch: number };
  /** Does the frozen part run in every step? Else its results are given. */
  readonly live: boolean;
}

export interface StepSetup {
  /** Ready for inference; undefined where its results are given, and where all is trained. */
  readonly prefix: Network | undefined;
  /** What crosses from the prefix into the tail: an input of the tail. */
  readonly cut: string;
  readonly tail: Tail;
  readonly settings: TrainSettings;
  readonly trainable: ReadonlySet<string>;
  /** Pictures for the prefix, or where there is none what the tail reads. */
  readonly input: HostTensor;
  readonly labels: Uint32Array;
  readonly classes: number;
  readonly learningRate: number;
}

/** Values by the path of their param. */
export type ByPath = ReadonlyMap<string, ArrayLike<number>>;

/** What a step computed: the loss and the gradients from the params before it, and the trained params after it. */
export interface CheckedStep {
  readonly loss: number;
  readonly gradients: ByPath;
  readonly updated: ByPath;
}

/** One who takes training steps, from the same start. */
export interface StepContestant {
  /** The first two steps. */
  check(): Promise<readonly [CheckedStep, CheckedStep]>;
  /** One step, done on the device when the promise resolves; its milliseconds where they were measured in another process. */
  run(): Promise<number | undefined>;
  dispose(): void | Promise<void>;
}

const CLASSES = 10;
/** So small that a hundred steps on one batch change nothing about the time of a step. */
const LEARNING_RATE = 1e-5;

export async function setUpStep(gpu: Gpu, { network, checkpoint, settings, live }: StepCase): Promise<StepSetup> {
  const { batch } = settings;
  const model = findModel(network);
  const samples = Array.from({ length: batch }, (_, i) => ({ file: `${i}`, label: i % CLASSES }));
  const classes = Array.from({ length: CLASSES }, (_, i) => `class ${i}`);
  // One rate for all, as the peer's optimizer has it; a pass of the frozen part takes the whole batch.
  const wanted = { ...settings, baseRate: 1, extractBatch: batch };
  const job = prepareJob({ model, checkpoint, classes, train: samples, val: samples, settings: wanted });
  // A head of zeros would send no gradient back.
  const head = new Map(
    [...job.plan.graph.params]
      .filter(([path]) => path.startsWith(`${model.headPath}.`))
      .map(([path, { spec }]) => [path, uniformFanIn(spec, spec.shape[0]!, 1, path)]),
  );
  const { prefix: base, frontier, tail } = job.planPhase(job.phases[0]!, batch, head);
  const prefix = base && optimizeForInference(base);
  const { name: cut } = frontier[0]!;
  const imageSpec = (base?.graph ?? tail.graph).inputs.get("image")!.spec;
  // Noise of deviation 1: batch norms of random weights would blow up what little differs between smooth pictures.
  const image = uniformFanIn(imageSpec, 1 / 3, 1, "image");
  return {
    ...{ cut, tail, classes: CLASSES, learningRate: LEARNING_RATE },
    prefix: live ? prefix : undefined,
    settings: job.settings,
    trainable: tail.trainable,
    input: prefix && !live ? await runPrefix(gpu, prefix, cut, image) : image,
    labels: Uint32Array.from(samples, ({ label }) => label),
  };
}

async function runPrefix(gpu: Gpu, { graph, weights }: Network, cut: string, image: HostTensor): Promise<HostTensor> {
  const program = await Program.compile(gpu, graph, weights, { label: "prefix" });
  try {
    program.write("image", image.data);
    program.run();
    return await program.read(cut);
  } finally {
    program.dispose();
  }
}

const isKinked = ({ op }: Node): boolean => op === relu || op === relu6;

/** Are there activations in the trained part? */
export const hasKinks = ({ tail }: StepSetup): boolean => tail.graph.nodes.some(isKinked);

/** Without the activations of the tail, where gradients jump; undefined where it has none. */
export function withoutKinks(setup: StepSetup): StepSetup | undefined {
  const { tail } = setup;
  if (!hasKinks(setup)) return undefined;
  const smooth = rewrite(tail, (node, inputs) => (isKinked(node) ? [inputs[0]!] : undefined));
  return { ...setup, tail: { ...tail, ...smooth } };
}
