/**
 * npm run quickstart: set-up, then the main job on the weights and pictures it finds: trains a classifier for them on a
 * pretrained network and asks it about one picture. With other weights and pictures:
 *
 *   npm run quickstart -- --weights FILE --data DIR
 *
 * The last line on standard output is RESULT {"accuracy", "seconds", "run"}.
 *
 * Exit codes: 1 nothing to work on, 2 usage, else those of set-up and of tlx.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./setup/run.mjs";

const model = "mobilenet-v2";
const tlx = "packages/cli/bin/tlx.js";
/** Weights and pictures a machine may have beside the repository. */
const shared = process.env.TLX_SHARED || join(root, "../shared");

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
 * What the user named, as paths that exist.
 * @returns {{ weights?: string, data?: string }}
 */
function readArguments() {
  /** @param {string | undefined} path */
  const there = (path) => {
    if (path === undefined) return undefined;
    const full = resolve(process.env.INIT_CWD ?? ".", path);
    return existsSync(full) ? full : stop(`quickstart: there is nothing at ${full}`, 2);
  };
  try {
    const { values } = parseArgs({ options: { weights: { type: "string" }, data: { type: "string" } } });
    return { weights: there(values.weights), data: there(values.data) };
  } catch (error) {
    stop(`quickstart: ${/** @type {Error} */ (error).message}; there are --weights FILE and --data DIR`, 2);
  }
}

/** @param {readonly string[]} paths */
const firstThere = (paths) => paths.find((path) => existsSync(path));

/** Where the cache has the weights, or expects them. */
async function pathInCache() {
  const { findModel } = await import("../packages/transfer/dist/index.js");
  const { cacheFolder } = await import("../packages/transfer/dist/node.js");
  return join(cacheFolder(), "weights", findModel(model).card.weights.file);
}

/**
 * @param {string | undefined} weights
 * @param {string | undefined} data
 * @param {string} cached
 */
function explainMissing(weights, data, cached) {
  const missing = [...(weights ? [] : ["pretrained weights"]), ...(data ? [] : ["pictures"])].join(" and no ");
  const forWeights = `
Weights: a safetensors file of MobileNetV2 1.0 with torchvision's tensor names. Put it at
  ${cached}
or name it with --weights FILE.
`;
  const forData = `
Pictures: a folder of pictures by class, of which a fifth is drawn to measure on unless there is a val/ for it:
  DIR/daisy/1.jpg   DIR/daisy/2.jpg   DIR/tulip/3.jpg   DIR/tulip/4.jpg
Name it with --data DIR.
`;
  return `
tlx is built and has a GPU to work on, but there are no ${missing} here.
${weights ? "" : forWeights}${data ? "" : forData}
Then run: npm run quickstart -- --weights FILE --data DIR`;
}

/**
 * A picture that was not trained on.
 * @param {string} run
 */
function pickPicture(run) {
  const [, first] = readFileSync(join(root, run, "predictions.csv"), "utf8").split("\n");
  const file = /^"((?:[^"]|"")*)"|^[^,]*/.exec(first ?? "");
  return (file?.[1]?.replaceAll('""', '"') ?? file?.[0]) || stop(`quickstart: found no picture in ${run}`, 3);
}

const named = readArguments();
step(["scripts/setup.mjs"]);
const cached = await pathInCache();
const weights = named.weights ?? firstThere([cached, join(shared, "weights/mobilenet_v2.safetensors")]);
const data = named.data ?? firstThere([join(shared, "data/ants_bees")]);
if (!weights || !data) stop(explainMissing(weights, data, cached), 1);

const start = performance.now();
say(`\n$ npx tlx train ${data} --weights ${weights}`);
const result = JSON.parse(step([tlx, "train", data, "--model", model, "--weights", weights, "--json"]));
const picture = pickPicture(result.run);
say(`\n$ npx tlx predict ${picture} --run ${result.run}`);
const predicted = step([tlx, "predict", picture, "--run", result.run]);

const seconds = (performance.now() - start) / 1000;
say(`
${predicted}
Learned ${result.classes.length} classes (${result.classes.join(", ")}) in ${seconds.toFixed(0)} s: \
${(100 * result.accuracy).toFixed(1)} % of the pictures held back to measure on are named right; they chose the epoch that is kept.
The run is in ${result.run}. Try next, from ${root}:
  npx tlx predict --run ${result.run} YOUR_PICTURE.jpg
  npx tlx evaluate --run ${result.run} ${data}
  npx tlx predict --weights ${weights} YOUR_PICTURE.jpg     the thousand classes of ImageNet
  npx tlx inspect ${model} --profile     where the time goes
  npx tlx train --help     pictures of your own`);
console.log(`RESULT ${JSON.stringify({ accuracy: result.accuracy, seconds, run: result.run })}`);
