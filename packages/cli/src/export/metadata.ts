/** What an export says of itself: labels, how to prepare a picture, and what tlx needs to read it back. */
import { createHash } from "node:crypto";
import { check, TlxError } from "@tlx/kernels";
import type { Weights } from "@tlx/nn";
import { exportTensors, type ModelDescription, type PreprocessSpec, parseDescription } from "@tlx/transfer";

/** What the graph leaves to its caller, for any program. */
export interface Preprocessing extends PreprocessSpec {
  readonly layout: "NCHW" | "NHWC";
  /** Height and width of the input. */
  readonly size: number;
  readonly colours: "RGB";
  /** The steps in words. */
  readonly steps: readonly string[];
  /** What the outputs are. */
  readonly outputs: readonly string[];
}

/** The golden example: what the network gives for an input that anyone can make. */
export interface ExportGolden {
  readonly input: "(37 * i mod 251) / 125 - 1, i counting [1, size, size, 3]";
  readonly probabilities: readonly number[];
}

export interface ExportMetadata {
  /** In the order of the logits. */
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly tlx: {
    readonly format: "tlx-export";
    readonly version: 1;
    /** Name of the network. */
    readonly network: string;
    /** "published": with the classifier of its weights; "trained": with a head of tlx train. */
    readonly head: "published" | "trained";
    /** Units of the head's hidden layer; 0 where there is none. */
    readonly hidden: number;
    readonly batchNorm: "separate" | "folded";
    readonly numbers: "float32" | "float16";
    /** SHA-256 of names and float32 values of all weights, in the order of names. */
    readonly weightsSha256: string;
    /** Left out where the export was not checked. */
    readonly golden?: ExportGolden;
  };
}

export interface ParsedMetadata {
  readonly description: ModelDescription;
  readonly tlx: ExportMetadata["tlx"];
}

const interpolationOf = ({ filter }: PreprocessSpec): string =>
  filter === undefined ? "bilinear" : filter.length === 2 ? "bicubic" : "the piecewise polynomial in filter";

export function describePreprocessing(spec: PreprocessSpec, layout: "NCHW" | "NHWC"): Preprocessing {
  const { resize, crop, mean, std } = spec;
  return {
    ...spec,
    ...{ layout, size: crop, colours: "RGB" },
    steps: [
      `resize the shorter side to ${resize} pixels, ${interpolationOf(spec)}, antialiased`,
      `cut the middle ${crop} x ${crop} pixels out`,
      `(pixel / 255 - mean) / std per colour, mean [${mean}], std [${std}]`,
      `as ${layout} float32: image [batch, ${layout === "NCHW" ? `3, ${crop}, ${crop}` : `${crop}, ${crop}, 3`}]`,
    ],
    outputs: [
      "logits [batch, classes]",
      "probabilities [batch, classes]: the softmax of logits, computed in the graph",
    ],
  };
}

/** Names and values, so that a weight that was exchanged or damaged shows. */
export function hashWeights(weights: Weights): string {
  const hash = createHash("sha256");
  for (const [name, { bytes }] of [...exportTensors(weights)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\0`).update(bytes);
  }
  return hash.digest("hex");
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const oneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);

const isGolden = (value: unknown, classes: unknown): boolean =>
  value === undefined ||
  (isObject(value) &&
    Array.isArray(value.probabilities) &&
    value.probabilities.length === (Array.isArray(classes) ? classes.length : -1) &&
    value.probabilities.every((p) => typeof p === "number"));

/** Pixels of a side: far above what networks see, and pictures of it can still be made. */
const maxSize = 8192;

/** Throws E_WEIGHTS with what is not as tlx export writes it. */
export function parseMetadata(found: Readonly<Record<keyof ExportMetadata, unknown>>): ParsedMetadata {
  const { labels, preprocessing } = found;
  const tlx = isObject(found.tlx) ? found.tlx : {};
  const spec = isObject(preprocessing) ? preprocessing : {};
  const rules = {
    format: oneOf("tlx-export"),
    version: oneOf(1),
    head: oneOf("published", "trained"),
    numbers: oneOf("float32", "float16"),
    golden: (value: unknown) => isGolden(value, labels),
  };
  const wrong = Object.entries(rules).flatMap(([key, holds]) => (holds(tlx[key]) ? [] : [key]));
  if (wrong.length > 0) {
    throw new TlxError(
      "E_WEIGHTS",
      `export: expected what tlx export of this version writes, found another ${wrong.join(", ")}; export it again`,
    );
  }
  const { resize, crop, mean, std, filter } = spec;
  const description = parseDescription({
    ...{ format: "tlx-model", version: 1, architecture: tlx.network, batchNorm: tlx.batchNorm, classes: labels },
    ...{ hidden: tlx.hidden, weightsSha256: tlx.weightsSha256 },
    preprocess: { resize, crop, mean, std, ...(filter !== undefined && { filter }) },
  });
  check(
    description.preprocess.crop <= maxSize,
    "E_WEIGHTS",
    () => `export: expected pictures of at most ${maxSize} pixels, found preprocessing.crop ${crop}; it is damaged`,
  );
  return { description, tlx: tlx as ExportMetadata["tlx"] };
}

/** Texts by key, for formats whose metadata are texts. */
export const metadataTexts = ({ labels, preprocessing, tlx }: ExportMetadata): ReadonlyMap<string, string> =>
  new Map([
    ["labels", JSON.stringify(labels)],
    ["preprocessing", JSON.stringify(preprocessing)],
    ["tlx.export", JSON.stringify(tlx)],
  ]);

/** More than names of 20,000 classes take; brackets in each other would take JSON.parse seconds. */
const maxText = 4 * 2 ** 20;

/** Of texts that tlx export wrote; undefined where there are none. Throws E_WEIGHTS for damaged ones. */
export function metadataOfTexts(texts: ReadonlyMap<string, string>): ParsedMetadata | undefined {
  if (!texts.has("tlx.export")) return undefined;
  const read = (key: string): unknown => {
    const text = texts.get(key) ?? "";
    try {
      if (text.length > maxText) throw new RangeError("too long");
      return JSON.parse(text);
    } catch {
      throw new TlxError("E_WEIGHTS", `export: expected JSON under "${key}", found something else; it is damaged`);
    }
  };
  return parseMetadata({ labels: read("labels"), preprocessing: read("preprocessing"), tlx: read("tlx.export") });
}
