/**
 * From a request in words to a plan for every param.
 *
 * Method   `unfreeze` says where to begin, `train` adds, `freeze` takes away; then masks. A mask of zeros freezes too.
 *          The batch norms of a network that is pretrained stay frozen, statistics and affine, unless they are asked for.
 * Throws   E_USAGE for what cannot be read, names nothing, contradicts itself, has no effect or freezes everything, and
 *          for an element mask of another shape
 */
import { check, TlxError } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";
import { batchNormParams } from "./batch-norms.js";
import type { FreezeInput, FreezePlan, FreezeRequest, ParamPlan } from "./freeze-plan.js";
import type { Mask, resolveMasks } from "./masks.js";
import { isWithin, parsePatterns, selectPaths } from "./pattern.js";
import { resolveRates } from "./rates.js";

const refuse = (message: string): never => {
  throw new TlxError("E_USAGE", message);
};

/** Which modules `unfreeze` names; undefined for all. */
function unfrozenModules(unfreeze: string, { blocks, head }: FreezeInput): readonly string[] | undefined {
  if (unfreeze === "all") return undefined;
  if (unfreeze === "head") return [head];
  const count = /^last:(\d+)$/.exec(unfreeze)?.[1];
  if (count === undefined || Number(count) < 1) {
    return refuse(`--unfreeze: expected "head", "last:N" with N of at least 1, or "all", found "${unfreeze}"`);
  }
  if (Number(count) > blocks.length) {
    refuse(`--unfreeze: this network has ${blocks.length} blocks, found "${unfreeze}"; use "all" to train everything`);
  }
  return [...blocks.slice(-Number(count)), head];
}

/** What `unfreeze`, `train` and `freeze` leave to train. */
function chooseTrained(request: FreezeRequest, input: FreezeInput, norms: ReadonlySet<string>): Set<string> {
  const { unfreeze = "head", train = "", freeze = "" } = request;
  const paths = [...input.graph.params.keys()];
  const modules = unfrozenModules(unfreeze, input);
  const trained = new Set(modules ? paths.filter((p) => modules.some((m) => isWithin(p, m))) : paths);
  const frozen = new Map<string, string>();
  for (const pattern of parsePatterns(freeze, "--freeze")) {
    for (const path of selectPaths(pattern, paths, "--freeze")) frozen.set(path, pattern.text);
  }
  for (const pattern of parsePatterns(train, "--train")) {
    const found = selectPaths(pattern, paths, "--train");
    if (found.every((path) => frozen.has(path))) {
      refuse(
        `--train "${pattern.text}" and --freeze "${frozen.get(found[0]!)}" contradict each other; keep one of them`,
      );
    }
    if (found.every((path) => norms.has(path))) {
      refuse(
        `--train: "${pattern.text}" names only batch norm, which is frozen; add --batchnorm train, or leave it out`,
      );
    }
    for (const path of found) trained.add(path);
  }
  for (const path of [...frozen.keys(), ...norms]) trained.delete(path);
  return trained;
}

/** Head or block of a param, as an object to spread. */
function blockOf(path: string, { blocks, head }: FreezeInput): Pick<ParamPlan, "block"> {
  const block = [head, ...blocks].find((module) => isWithin(path, module));
  return block === undefined ? {} : { block };
}

/** Without `masksOf`, masks of the request are passed over. */
export function planFreeze(request: FreezeRequest, input: FreezeInput, masksOf?: typeof resolveMasks): FreezePlan {
  const { graph } = input;
  const norms = batchNormParams(graph);
  const trainsNorms = request.batchNorm === "train";
  check(
    !trainsNorms || norms.size > 0,
    "E_USAGE",
    () =>
      "--batchnorm: there is no batch norm to train: the network has none, or its weights come with them folded into the convolutions; leave --batchnorm train out or bring weights with running statistics",
  );
  const wanted = chooseTrained(request, input, trainsNorms ? new Set() : new Set([...norms.values()].flat()));
  const specs = new Map([...graph.params].map(([path, { spec }]) => [path, spec]));
  const read = masksOf?.(request.mask ?? "", request.elements ?? new Map(), specs);
  const { masks, assignments } = read ?? { masks: new Map<string, Mask>(), assignments: [] };
  for (const { pattern, value, text } of assignments) {
    if (value > 0 && ![...wanted].some((path) => pattern.matches(path))) refuseIdle("--mask", text);
  }
  for (const path of request.elements?.keys() ?? []) if (!wanted.has(path)) refuseIdle("element mask", path);
  const { rates, idle } = resolveRates(request, input, wanted);
  if (idle) refuseIdle("--rates", idle);

  const params = new Map<string, ParamPlan>();
  for (const path of graph.params.keys()) {
    const mask = masks.get(path) ?? { mask: 1 };
    const trained = wanted.has(path) && mask.mask > 0;
    const block = blockOf(path, input);
    params.set(path, trained ? { ...block, trained, ...mask, rate: rates.get(path)! } : frozenParam(block));
  }
  const trainable = new Set([...params].filter(([, p]) => p.trained).map(([path]) => path));
  if (trainable.size === 0) {
    refuse("--freeze: everything is frozen, so there is nothing to train; leave the head out of --freeze and --mask");
  }
  return { params, trainable, batchNorms: trainedNorms(norms, trainable) };
}

const refuseIdle = (setting: string, text: string): never =>
  refuse(`${setting}: "${text}" names only frozen params, so it has no effect; add them to --train or leave it out`);

const frozenParam = ({ block }: Pick<ParamPlan, "block">): ParamPlan => ({
  ...(block !== undefined && { block }),
  ...{ trained: false, mask: 0, rate: 0 },
});

/** A batch norm of which anything trains uses the statistics of the batch. */
const trainedNorms = (
  norms: ReadonlyMap<string, readonly string[]>,
  trainable: ReadonlySet<string>,
): ReadonlySet<string> =>
  new Set([...norms].filter(([, paths]) => paths.some((path) => trainable.has(path))).map(([path]) => path));

/**
 * The plan with only the params of `keep` trained: a phase in which part of it waits.
 * Throws E_USAGE when nothing is left.
 */
export function narrowFreeze(plan: FreezePlan, graph: Graph, keep: (path: string) => boolean): FreezePlan {
  const trainable = new Set([...plan.trainable].filter(keep));
  check(trainable.size > 0, "E_USAGE", () => "--freeze: nothing is left to train in this phase; let some of it train");
  const params = new Map(
    [...plan.params].map(([path, param]) => [path, trainable.has(path) ? param : frozenParam(param)]),
  );
  const norms = [...batchNormParams(graph)].filter(([path]) => plan.batchNorms.has(path));
  return { params, trainable, batchNorms: trainedNorms(new Map(norms), trainable) };
}
