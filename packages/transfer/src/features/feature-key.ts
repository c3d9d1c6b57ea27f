/**
 * The name under which features are kept: SHA-256 over all that decides their bits, the pictures apart.
 */
import type { Gpu, HostTensor } from "@tlx/kernels";
import { describeGraph, type Network } from "@tlx/nn";
import type { PreprocessSpec } from "../preprocess.js";
import { sha256 } from "../sha256.js";

/** Raised when the same picture gives other features: by a change of kernels, rewrites, resampling or decoder. */
export const FEATURE_VERSION = 3;

export interface FeatureSource {
  /** The frozen base, for the batch at which it runs: sums of another batch may differ in their last bits. */
  readonly base: Network;
  /** Name of the output that is kept: where the network is cut. */
  readonly cut: string;
  readonly preprocess: PreprocessSpec;
  /** What the base runs on: `describeDevice`. */
  readonly device: string;
  /** How the pictures were changed before; left out for pictures as they are. */
  readonly view?: string;
  /** Which of the base's problems are computed by other kernels than the default: `describeChoices`. */
  readonly kernels?: string;
}

const bytesOf = ({ data }: HostTensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Adapter and driver, as far as they tell. */
export function describeDevice({ device }: Gpu): string {
  const { vendor, architecture, device: name, description } = device.adapterInfo;
  return JSON.stringify([vendor, architecture, name, description]);
}

/** "nvidia, ampere": what `describeDevice` gave, for people. */
export const deviceName = (described: string): string => (JSON.parse(described) as string[]).filter(Boolean).join(", ");

/** 64 hexadecimal digits: another network, weight, preprocessing, cut, device, view, choice of kernels or FEATURE_VERSION gives another key. */
export async function featureKey({ base, cut, preprocess, device, view, kernels }: FeatureSource): Promise<string> {
  const paths = [...base.graph.params.keys(), ...base.graph.states.keys()];
  const weights = await Promise.all(
    paths.map(async (path) => [path, await sha256(bytesOf(base.weights.get(path) as HostTensor))]),
  );
  const text = JSON.stringify({
    version: FEATURE_VERSION,
    graph: describeGraph(base.graph),
    cut,
    weights,
    preprocess,
    device,
    view, // undefined is left out of the text
    kernels,
  });
  return sha256(new TextEncoder().encode(text));
}
