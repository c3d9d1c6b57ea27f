/**
 * Knowledge distillation: a network learns to see as a pretrained one does, from pictures that need no labels.
 *
 * Method   the teacher sees every picture once as it is and in `teacherViews` random changes of it; what it says is kept in the
 *          feature store. The student sees the same changes, at its own size, in the same pairs where pictures are mixed.
 *          As in training, everything is a function of seed and place: the same adapter and version give the same bits
 */
import { check, type Gpu, RunLog } from "@tlx/kernels";
import type { Network, Weights } from "@tlx/nn";
import { drawChange } from "../augment/change-picture.js";
import { type Sample, splitFiles } from "../data/dataset.js";
import { describeDevice } from "../features/feature-key.js";
import { withInputSize } from "../models/input-size.js";
import { teachingOutputs } from "../models/instantiate.js";
import { loadBackbone, loadTeacher } from "../models/load.js";
import type { Model } from "../models/model.js";
import { compareIdentity } from "../train/compare-identity.js";
import type { FeaturesEvent, SkippedEvent, SnapshotEvent, WarningEvent } from "../train/events.js";
import { type OpenFeatures, openMemory, type PictureSource } from "../train/extract-features.js";
import type { Frontier } from "../train/feed.js";
import { type DrawChange, FrontEnd, LiveFeed } from "../train/live-feed.js";
import { mixerOf } from "../train/mixer.js";
import { mixes } from "../train/mixing.js";
import { Saving } from "../train/saving.js";
import type { Snapshot } from "../train/snapshot.js";
import { compileTail, type TailPrograms } from "../train/tail-programs.js";
import type { Checkpoint } from "../weights/safetensors.js";
import { askTeacher } from "./ask-teacher.js";
import { type Likeness, measureLikeness } from "./measure.js";
import { pruneTeacher } from "./prune/prune-teacher.js";
import { asTrainSettings, completeDistilSettings, type DistilSettings } from "./settings.js";
import { buildStudent } from "./student.js";
import { type DistilEpochEvent, type Teaching, teach } from "./teach.js";
import type { Lesson } from "./teach-epoch.js";

export interface DistilInput {
  readonly gpu: Gpu;
  /** What learns. */
  readonly student: Model;
  /** Weights of the student to start with, with running statistics: an earlier distillation's. Default: it begins from nothing. */
  readonly start?: Checkpoint;
  /** In place of `start`: the student starts as its teacher with channels left out, and has the same layers, some of them narrower. */
  readonly prune?: boolean;
  readonly teacher: { readonly model: Model; readonly checkpoint: Checkpoint };
  /** Files of pictures, of any kind and without labels. */
  readonly files: readonly string[];
  readonly pictures: PictureSource;
  readonly settings?: Partial<DistilSettings>;
  /** Where the teacher's answers are kept. Default: nowhere, they live in memory. */
  readonly openFeatures?: OpenFeatures;
  /** What else makes this run what it is. */
  readonly identity?: Readonly<Record<string, unknown>>;
  /** Where an earlier sitting ended: this one goes on from there. */
  readonly resume?: Snapshot;
  /** Ends it after the step that is being worked on, with a snapshot to go on from. */
  readonly signal?: AbortSignal;
}

export type DistilEvent = SkippedEvent | WarningEvent | FeaturesEvent | SnapshotEvent | DistilEpochEvent;

export interface DistilResult {
  /** Params and running statistics of the student, without a classifier. */
  readonly weights: Weights;
  readonly settings: DistilSettings;
  /** On the pictures that were held out. */
  readonly likeness: Likeness;
  /** SHA-256 of the files that it learned from, and of those held out. */
  readonly learnt: readonly string[];
  readonly heldOut: readonly string[];
}

/** Runs of the student under way at a time. */
const AHEAD = 2;

/**
 * Yields what happens; a snapshot every 10 seconds or `saveSteps` steps. Leaving the iteration early frees everything on the GPU.
 *
 * Throws   E_USAGE for settings that cannot be used, a student that cannot be pruned from its teacher and a snapshot of another run, E_DATA for too few readable pictures,
 *          E_WEIGHTS for a checkpoint that is not the teacher's or the student's, E_DIVERGED for NaN or infinity, the reason of `signal`
 */
export async function* distil(input: DistilInput): AsyncGenerator<DistilEvent, DistilResult> {
  const { gpu, pictures, openFeatures = openMemory, resume, signal } = input;
  const settings = completeDistilSettings(input.settings);
  const training = asTrainSettings(settings);
  const student = withInputSize(input.student, settings.inputSize);
  const { model, checkpoint } = input.teacher;
  checkLoss(model, settings);
  const network = loadTeacher(model, checkpoint, { batch: settings.extractBatch });
  const identity = identify(input, settings);
  if (resume) compareIdentity(resume.identity, identity);
  const split = splitFiles(input.files, settings.heldOut, settings.seed);
  checkCounts(settings, split[0].length, split[1].length);
  const [learning, held] = split.map(asSamples) as [Sample[], Sample[]];
  const start =
    input.prune && !resume // which has the weights
      ? yield* pruneTeacher({ ...input, student, samples: learning, batch: settings.extractBatch })
      : startOf(student, input.start);
  const { tail, kept } = buildStudent(student, { model, ...network }, settings, start);
  const drawAt =
    (size: number): DrawChange =>
    (epoch, hash, { width, height }) =>
      drawChange(training, epoch, hash, { width, height, size });

  const made: { dispose(): void | Promise<void> }[] = [];
  const own = <T extends { dispose(): void | Promise<void> }>(thing: T): T => {
    made.push(thing);
    return thing;
  };
  try {
    const answers = yield* askTeacher({
      ...{ gpu, network, outputs: outputsOf(model, network), preprocess: model.preprocess, settings, signal },
      ...{ pictures, openFeatures, learning, held, draw: drawAt(model.preprocess.crop) },
    });
    const { table, targets } = own(answers.learning);
    const known = own(answers.held);
    // A copy of a picture is no second one.
    checkCounts(settings, table.hashes.length, new Set(known.table.hashes).size);
    const programs = own(await compileTail(gpu, tail, training, false, { weights: resume?.tensors }));
    weighLosses(programs, model, settings);
    const { batch } = settings;
    const { preprocess } = student;
    const frontEnd = own(
      await FrontEnd.create({
        gpu,
        prefix: undefined,
        frontier: [],
        preprocess,
        batch,
        ...(mixes(settings) && { mixerOf }),
      }),
    );
    const feed = new LiveFeed({ frontEnd, pictures, table, augment: drawAt(preprocess.crop) });
    const heldFeed = new LiveFeed({ frontEnd, pictures, table: known.table });
    const log = own(new RunLog<number>(gpu, 2, AHEAD));
    const steps = Math.floor(table.hashes.length / batch);
    const lesson: Lesson = { gpu, programs, feed, targets, log, settings, steps, size: preprocess.crop };
    const paths = [...tail.weights.keys(), ...programs.kept];
    const saving = new Saving(identity, settings.saveSteps, resume);
    const from: Progressed = resume?.position ?? { epoch: 0, step: 0 };
    const samples = await saving.checkSamples({ train: feed, val: heldFeed }, from);
    const teaching = {
      ...{ lesson, signal, from, saving, samples },
      read: () => programs.params.read(paths),
      async measure() {
        programs.refresh();
        return measureLikeness(programs.evaluation, heldFeed, known.targets, batch);
      },
    };
    const likeness = yield* teach(teaching);
    const weights = await programs.evaluated.read(kept);
    return { weights, settings, likeness, learnt: table.hashes, heldOut: known.table.hashes };
  } finally {
    for (const thing of made.reverse()) await thing.dispose();
  }
}

const outputsOf = (model: Model, { graph }: Network): Frontier[] =>
  teachingOutputs(model).map((name) => ({ name, spec: graph.outputs.get(name)!.spec }));

function startOf(student: Model, start: Checkpoint | undefined): Weights | undefined {
  if (!start) return undefined;
  const { form, weights } = loadBackbone(student, start);
  check(
    form === "separate",
    "E_WEIGHTS",
    () => `distil: expected weights of ${student.name} with running statistics to start with, found folded batch norms`,
  );
  return weights;
}

const checkLoss = ({ name, classifier }: Model, { featureWeight }: DistilSettings): void =>
  check(
    classifier !== undefined || featureWeight > 0,
    "E_USAGE",
    () => `distil: expected a feature weight above 0, found 0, and ${name} has no classifier: nothing would be learnt`,
  );

function checkCounts({ batch }: DistilSettings, learning: number, held: number): void {
  check(
    learning >= batch,
    "E_DATA",
    () =>
      `distil: expected at least a batch of ${batch} pictures to learn from, found ${learning}; add pictures or make the batch smaller`,
  );
  check(
    held > 1,
    "E_DATA",
    () =>
      `distil: expected at least 2 different pictures to measure on, found ${held}; add pictures or hold out a larger share`,
  );
}

/** The share of every picture in the two losses. */
function weighLosses({ step }: TailPrograms, { classifier }: Model, settings: DistilSettings): void {
  const { batch, featureWeight, logitWeight } = settings;
  const share = (weight: number): Float32Array => new Float32Array(batch).fill(weight / batch);
  step.write("featureWeights", share(featureWeight));
  if (classifier) step.write("logitWeights", share(logitWeight));
}

/** What a snapshot says of the way. */
type Progressed = Teaching["from"] & { readonly samples?: string };

const asSamples = (files: readonly string[]): Sample[] => files.map((file) => ({ file, label: 0 }));

/** What a run must have in common with the one it goes on from. */
function identify(
  { gpu, student, teacher, files, ...input }: DistilInput,
  settings: DistilSettings,
): Snapshot["identity"] {
  const { saveSteps: _saves, ...decisive } = settings; // decides nothing
  return {
    ...input.identity,
    ...{ network: student.name, teacher: teacher.model.name, pictures: files.length },
    ...(input.prune && { prune: true }),
    ...{ settings: decisive, adapter: describeDevice(gpu) },
  };
}
