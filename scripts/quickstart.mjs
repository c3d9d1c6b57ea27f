/**
 * npm run quickstart: set-up, then what transfer learning does, on pictures it draws and the network that comes with tlx:
 * the same pictures are learned from scratch, by a new head on frozen features, and by fine-tuning. Needs no weights, no
 * pictures and no network. With more of one's own:
 *
 *   npm run quickstart -- --seed 2           other pictures, other beginnings
 *   npm run quickstart -- --data DIR         the three trainings on one's own pictures by class
 *   npm run quickstart -- --weights FILE     a new head on MobileNetV2 instead, on the drawn pictures or on DIR
 *
 * All files go to a new folder, runs/quickstart, runs/quickstart-2, ... The last line on standard output is
 * RESULT {"accuracy", "scratch", "seconds", "run"}: accuracy and folder of the best training that began from pretrained
 * weights, accuracy of the one from scratch (null with --weights), seconds after set-up.
 *
 * Exit codes: 2 usage, else those of set-up and of tlx.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { accuracyOf, explain, formatTable, pickBest } from "./quickstart/compare.mjs";
import { readRun } from "./quickstart/read-run.mjs";
import { root } from "./setup/run.mjs";

const tlx = "packages/cli/bin/tlx.js";
/** Drawn pictures of each kind. */
const drawn = { train: 24, val: 40 };
/** What every training gets alike, beside the pictures. */
const budget = { epochs: 8, batch: 16 };

/** @param {string} text */
const say = (text) => console.error(text);

/**
 * @param {string} text
 * @param {number} code
 * @returns {never}
 */
function stop(text, code) {
  say(text);
  process.exit(code);
}

/**
 * Runs a script of this repository in view of the user and returns its standard output; its failure ends this script.
 * @param {readonly string[]} command
 */
function step(command) {
  const done = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (done.status !== 0) process.exit(done.status ?? 1);
  return done.stdout;
}

/**
 * @param {readonly string[]} args
 */
function runTlx(args) {
  say(`\n$ npx tlx ${args.map((arg) => (/[^\w./:=-]/.test(arg) ? JSON.stringify(arg) : arg)).join(" ")}`);
  return step([tlx, ...args]);
}

/**
 * What the user chose; paths exist.
 * @returns {{ weights?: string, data?: string, seed: string }}
 */
function readArguments() {
  /** @param {string | undefined} path */
  const there = (path) => {
    if (path === undefined) return undefined;
    const full = resolve(process.env.INIT_CWD ?? ".", path);
    return existsSync(full) ? full : stop(`quickstart: there is nothing at ${full}`, 2);
  };
  try {
    const { values } = parseArgs({
      options: { weights: { type: "string" }, data: { type: "string" }, seed: { type: "string", default: "1" } },
    });
    if (!/^\d{1,9}$/.test(values.seed))
      stop(`quickstart: expected --seed to be a whole number, found "${values.seed}"`, 2);
    return { weights: there(values.weights), data: there(values.data), seed: values.seed };
  } catch (error) {
    stop(`quickstart: ${/** @type {Error} */ (error).message}; there are --weights FILE, --data DIR and --seed N`, 2);
  }
}

/** A new folder runs/quickstart, runs/quickstart-2, ... seen from the repository. */
function makeFolder() {
  mkdirSync(join(root, "runs"), { recursive: true });
  for (let n = 1; ; n++) {
    const folder = `runs/quickstart${n === 1 ? "" : `-${n}`}`;
    try {
      mkdirSync(join(root, folder));
      return folder;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    }
  }
}

const { weights, data, seed } = readArguments();
step(["scripts/setup.mjs"]);

const start = performance.now();
const folder = makeFolder();
const pictures = data ?? `${folder}/flowers`;
if (!data) {
  const counts = ["--train", String(drawn.train), "--val", String(drawn.val)];
  runTlx(["demo", "flowers", pictures, ...counts, "--seed", seed]);
}

/**
 * Trains and measures.
 * @param {string} title
 * @param {string} name
 * @param {readonly string[]} flags
 */
function train(title, name, flags) {
  const run = `${folder}/${name}`;
  const alike = ["--epochs", String(budget.epochs), "--batch", String(budget.batch), "--seed", seed];
  const began = performance.now();
  runTlx(["train", pictures, ...flags, ...alike, "--out", run, "--no-cache", "--no-report", "--json"]);
  return { title, run, ...readRun(join(root, run)), seconds: (performance.now() - began) / 1000 };
}

/** What the user may do next. */
const nextSteps = (/** @type {string} */ run) => `Try next, from ${resolve(root)}:
  ${run}/report.html     in a browser: curves, mistakes with what the network looked at, confidence, layers
  npx tlx predict --run ${run} YOUR_PICTURE.jpg
  npx tlx verify ${run}     that the files are what training wrote, and nothing frozen moved
  npx tlx train YOUR_FOLDER     pictures of your own, by class: YOUR_FOLDER/daisy/1.jpg, YOUR_FOLDER/tulip/2.jpg
  npx tlx advise YOUR_FOLDER     what to train on them, measured: network, layers, what to expect
  npx tlx train YOUR_FOLDER ${fineTuning.join(" ")}     the same, fine-tuned
  npx tlx train YOUR_FOLDER --weights mobilenet_v2.safetensors     a larger network: npx tlx models names the files and places`;

const network = ["--model", "tlx-nano"];
/** For trainings of many layers. */
const deepTraining = ["--lr", "0.002", "--schedule", "cosine", "--augment", "light"];
/** All layers at one rate, and batch norms too: flowers that are drawn are far from what the network has seen. */
const fineTuning = ["--unfreeze", "all", "--batchnorm", "train", "--base-rate", "1", ...deepTraining];

/** Of one's own weights: MobileNetV2 from scratch would take too long to be shown here. */
function showNetwork(/** @type {string} */ file) {
  const head = train("new head on MobileNetV2", "features", ["--model", "mobilenet-v2", "--weights", file]);
  return { trainings: [head], sentences: [], best: head, scratch: null };
}

function showThree() {
  const scratch = train("training from scratch", "scratch", [...network, "--weights", "none", ...deepTraining]);
  const features = train("feature extraction", "features", network);
  const fineTuned = train("fine-tuning", "fine-tuned", [...network, ...fineTuning]);
  return {
    trainings: [scratch, features, fineTuned],
    sentences: [
      "Training from scratch began with random numbers. Feature extraction kept those of the pretrained tlx-nano and learned a",
      "new last layer; fine-tuning changed all layers.",
      ...explain({ scratch, features, fineTuned }),
    ],
    best: pickBest([features, fineTuned]),
    scratch: accuracyOf(scratch),
  };
}

const { trainings, sentences, best, scratch } = weights ? showNetwork(weights) : showThree();
runTlx(["report", best.run, "--quick", "--json"]);
const seconds = (performance.now() - start) / 1000;
const what = data ? `pictures of ${data}` : `drawn pictures, ${drawn.val} of each kind,`;
say(`
Measured on ${best.right.size} ${what} that were held back. Every training had ${budget.epochs} epochs on the same others${data ? "" : `, ${drawn.train} of each kind`}:

${formatTable(trainings)}

${[
  ...sentences,
  "The pictures held back also chose which epoch was kept of every training, so other pictures may do a little worse.",
  ...(data
    ? []
    : ["The flowers are drawn, not photographed: they show what transfer does, not how well your photos will do."]),
].join("\n")}

${trainings.map(({ title, run }) => `${title}: ${run}`).join("\n")}

${nextSteps(best.run)}`);
console.log(`RESULT ${JSON.stringify({ accuracy: accuracyOf(best), scratch, seconds, run: best.run })}`);
