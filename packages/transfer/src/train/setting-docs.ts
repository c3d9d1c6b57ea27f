/** What every choice of a run means. Help, --print-config and docs read it; a page that trains does not load it. */
import { defaultTrainSettings, ruleOf, type SettingName, type SettingValue } from "./settings.js";

/** One setting for people. */
export interface SettingDoc {
  readonly name: SettingName;
  readonly default: SettingValue;
  /** One line. */
  readonly doc: string;
  /** What a number counts; empty where it has none. */
  readonly unit: string;
  /** What it may be, as an error says it. */
  readonly expected: string;
  /** All values of a setting that is a word. */
  readonly choices?: readonly string[];
}

const table: { readonly [K in SettingName]: readonly [unit: string, doc: string] } = {
  epochs: ["epochs", "passes over the training pictures, at most"],
  batch: ["pictures", "pictures per step"],
  seed: ["", "of the order of pictures, of dropout and of a hidden layer's first weights"],
  optimizer: ["", "how gradients move the weights"],
  learningRate: ["", "size of a step, before the schedule"],
  momentum: ["", "share of the last step that sgd keeps"],
  nesterov: ["", "sgd looks ahead by its momentum"],
  weightDecay: ["", "per step, a weight shrinks by learning rate x this share of itself"],
  schedule: [
    "",
    "the learning rate over the epochs: as it is, falling to 0, or rising first and then falling to nearly 0",
  ],
  warmupEpochs: ["epochs", "over which the learning rate first rises from 0"],
  unfreeze: ["", "what learns: the new head alone, the last N blocks and the head, or everything"],
  train: ["", "what learns besides; patterns such as features.14-18.** with commas between"],
  freeze: ["", "what does not learn after all, the head too if it is named; patterns"],
  mask: ["", "what gradients are multiplied by, 0 to 1: pattern=0.5, or path[0:8]=0 for output channels 0 to 7"],
  rates: ["", "learning rates relative to the head's, in place of base rate and layer decay: pattern=0.1"],
  layerDecay: ["", "a block learns at this share of the learning rate of the block after it"],
  baseRate: ["", "learning rate of pretrained layers relative to the head's"],
  batchNorm: [
    "",
    "freeze: as pretrained, statistics and affine; train: in layers that learn, with the statistics of the batch",
  ],
  headEpochs: ["epochs", "before the others in which only the new head learns"],
  unfreezeEvery: ["epochs", "until one more block joins what learns, the last first; 0: all at once"],
  averageDecay: ["", "moving average of the weights that is kept and measured: share it keeps a step; 0 is off"],
  mixup: ["", "blend pairs of training pictures, by shares from Beta(x, x); 0 is off"],
  cutmix: ["", "paste a rectangle of another training picture, its area from Beta(x, x); 0 is off"],
  accumulate: ["parts", "a batch is computed in, one after the other, to need less memory"],
  precision: ["", "numbers in which values are kept for the way back; sums are always f32"],
  saveSteps: ["steps", "between saved states, from which a killed run goes on; 0 saves one every 10 seconds"],
  timeSteps: ["", "measure the time of a step on the GPU, and of one that trains every layer, for the certificate"],
  augment: ["", "random changes of the training pictures: crop, rotation, flip, colour, erasing"],
  views: [
    "views",
    "of a picture, drawn once, that epochs take in turn and whose features are kept; 0: a new one every epoch",
  ],
  labelSmoothing: ["", "share of every target that is spread over all classes"],
  classWeights: ["", "auto: pictures of rare classes weigh more"],
  clipNorm: ["", "longest gradient of a step; 0 is no limit"],
  hidden: ["units", "of a hidden layer with relu in the new head; 0 is a linear head"],
  dropout: ["", "share of what the last layer reads that is dropped in training"],
  metric: ["", "validation figure that chooses the best epoch and stops early"],
  patience: ["epochs", "without improvement before training stops; 0 is never"],
  inputSize: ["pixels", "height and width of the pictures that the network sees; 0: what it was made for"],
  extractBatch: ["pictures", "per pass of the frozen network"],
};

/** All settings in the order in which people should read them. */
export const settingDocs: readonly SettingDoc[] = (Object.keys(table) as SettingName[]).map((name) => {
  const [unit, doc] = table[name];
  const { expected, choices } = ruleOf(name);
  return { name, default: defaultTrainSettings[name], doc, unit, expected, ...(choices && { choices }) };
});
