/** Which ways to train are compared: every strategy of every network, with the configuration that `tlx train` has for it. */
import { TlxError } from "@tlx/kernels";
import { NO_WEIGHTS, SCRATCH, type TrainConfig, type Way } from "@tlx/transfer";
import { settleModel } from "../choose-model.js";
import { loadModel } from "../load-model.js";
import { resolveConfig } from "../train-config.js";

export const defaultStrategies = "scratch,head,last:1,last:3,all";

/** A way with what is typed for it. */
export interface ConfiguredWay extends Way {
  /** Its flags for `tlx train`, the seed aside. */
  readonly given: Partial<TrainConfig>;
}

export interface WayOptions {
  /** Names of networks or paths of modules, with commas between. */
  readonly models?: string;
  readonly strategies: string;
  readonly cache?: string | false;
}

const isStrategy = (text: string): boolean => /^(scratch|head|all|last:[1-9]\d*)$/.test(text);

/** `given` are flags that all ways share. Throws E_USAGE for strategies and networks that are none. */
export async function waysOf(
  { models, strategies, cache }: WayOptions,
  given: Partial<TrainConfig>,
): Promise<readonly ConfiguredWay[]> {
  const named = itemsOf(strategies, "--strategies", "such as scratch,head,last:3,all");
  const odd = named.find((name) => !isStrategy(name));
  if (odd !== undefined) {
    throw new TlxError("E_USAGE", `--strategies: expected scratch, head, last:N or all, found "${odd}"`);
  }
  const { weights, ...shared } = given;
  const wanted = models === undefined ? [settleModel(await resolveConfig(given), cache).model] : namesOf(models);
  if (weights !== undefined && wanted.length > 1) {
    throw new TlxError(
      "E_USAGE",
      `--weights is a file of one network, found ${wanted.length} networks; put their files in the cache folder (tlx models tells where)`,
    );
  }
  if (weights === NO_WEIGHTS) {
    throw new TlxError("E_USAGE", `--weights none is what the strategy scratch does; leave the flag out`);
  }
  const ways: ConfiguredWay[] = [];
  for (const text of wanted) {
    const { name, card } = await loadModel(text);
    const deep = named.find((strategy) => Number(/^last:(\d+)$/.exec(strategy)?.[1] ?? 0) > card.blocks.length);
    if (deep !== undefined) {
      throw new TlxError("E_USAGE", `--strategies: ${name} has ${card.blocks.length} blocks, found "${deep}"; use all`);
    }
    if (ways.some(({ model }) => model === name)) {
      throw new TlxError("E_USAGE", `--models: expected networks of different names, found "${name}" twice`);
    }
    const pretrained = weights === undefined ? {} : { weights };
    ways.push(
      ...named.map((strategy) => ({
        ...{ model: name, strategy },
        given: {
          ...{ ...shared, model: text },
          ...(strategy === SCRATCH ? { weights: NO_WEIGHTS } : { ...pretrained, unfreeze: strategy }),
        },
      })),
    );
  }
  return ways;
}

const namesOf = (models: string): string[] => itemsOf(models, "--models", "such as tlx-nano,mobilenet-v2");

function itemsOf(text: string, flag: string, example: string): string[] {
  const items = [...new Set(text.split(",").map((item) => item.trim()))];
  if (!items.includes("")) return items;
  throw new TlxError("E_USAGE", `${flag}: expected names with commas between, ${example}, found "${text}"`);
}
