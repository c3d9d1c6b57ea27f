/**
 * A new classifier on globally averaged features [N, C]: one dense layer, or a hidden layer with relu before it.
 *
 * Names   without a hidden layer the dense layer is the head itself, "<head>.weight"; with one, the layers are numbered like
 *         those of a torchvision Sequential of Linear, ReLU, Dropout, Linear: "<head>.0.weight" and "<head>.3.weight"
 */
import { type Spec, TlxError, type Value } from "@tlx/kernels";
import { activate, type Graph, linear, type Scope, uniformFanIn, type Weights, zeros } from "@tlx/nn";
import type { Model } from "./model.js";

export interface HeadOptions {
  readonly classes: number;
  /** Units of the hidden layer. Default 0: none. */
  readonly hidden?: number;
  /** What training does to the last layer's inputs. Default: nothing. */
  readonly drop?: (s: Scope, x: Value) => Value;
}

/** Throws E_USAGE for options no head can be made of. */
export function buildHead(s: Scope, features: Value, options: HeadOptions): Value {
  const { classes, hidden = 0, drop = (_, x) => x } = options;
  if (!(Number.isSafeInteger(classes) && classes > 0)) {
    throw new TlxError("E_USAGE", `"${s.path}": a head needs a positive number of classes, found ${classes}`);
  }
  if (!(Number.isSafeInteger(hidden) && hidden >= 0)) {
    throw new TlxError("E_USAGE", `"${s.path}": a hidden layer needs a whole number of units, or 0, found ${hidden}`);
  }
  if (hidden === 0) return linear(s, drop(s.at("2"), features), classes);
  return linear(s.at("3"), drop(s.at("2"), activate(s.at("1"), linear(s.at("0"), features, hidden), "relu")), classes);
}

/** Paths of the head's params in a graph that has one. */
export const headParams = (model: Model, graph: Graph): string[] =>
  [...graph.params.keys()].filter((path) => path.startsWith(`${model.headPath}.`));

/**
 * Where training of the params at `paths` begins. The last layer starts at zeros: all classes are equally likely, and without
 * a hidden layer the problem is convex, so a random start would only add noise. A hidden layer starts at random, since units
 * that are equal stay equal.
 */
export function startHead(graph: Graph, paths: readonly string[], seed: number): Weights {
  const specOf = (path: string): Spec => graph.params.get(path)!.spec;
  const fanIn = (path: string): number => specOf(path.replace(/\.bias$/, ".weight")).shape[0]!;
  return new Map(
    paths.map((path) => {
      const hidden = /\.0\.(weight|bias)$/.test(path) && paths.includes(path.replace(/\.0\.(\w+)$/, ".3.$1"));
      return [path, hidden ? uniformFanIn(specOf(path), fanIn(path), seed, path) : zeros(specOf(path))];
    }),
  );
}
