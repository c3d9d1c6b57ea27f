/** What page and worker say to each other. Every message tells that it is one of these: an app may have its own beside them. */
import { type ErrorCode, TlxError } from "@tlx/kernels";
import type { TrainingEvent, TrainingRequest, TrainingSummary } from "./training.js";

interface Tagged {
  readonly tlx: "training";
  /** Which training it is about. */
  readonly id: number;
}

/** To the worker. */
export type Order = Tagged &
  ({ readonly kind: "train"; readonly request: TrainingRequest } | { readonly kind: "stop" });

/** An error as it travels. */
export interface SentError {
  readonly message: string;
  /** Of a TlxError. */
  readonly code?: ErrorCode;
  readonly details?: TlxError["details"];
}

/** From the worker. The last one of a training is "done", "stopped" or "failed". */
export type Answer = Tagged &
  (
    | { readonly kind: "event"; readonly event: TrainingEvent }
    // Files of the run that the browser does not keep.
    | {
        readonly kind: "unkept";
        readonly run: string;
        readonly files: readonly (readonly [path: string, file: File])[];
      }
    | { readonly kind: "done"; readonly summary: TrainingSummary }
    | { readonly kind: "stopped" }
    | { readonly kind: "failed"; readonly error: SentError }
  );

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const isTagged = (value: unknown, kinds: readonly string[]): boolean =>
  isObject(value) && value.tlx === "training" && typeof value.id === "number" && kinds.includes(value.kind as string);

export const isOrder = (value: unknown): value is Order => isTagged(value, ["train", "stop"]);

export const isAnswer = (value: unknown): value is Answer =>
  isTagged(value, ["event", "unkept", "done", "stopped", "failed"]);

export function sendError(error: unknown): SentError {
  if (error instanceof TlxError) return { code: error.code, message: error.message, details: cloned(error.details) };
  const message = error instanceof Error ? error.message : String(error);
  // What an engine says when it has no room for an array.
  if (error instanceof RangeError && /alloc|memory|array (buffer )?length/i.test(message)) {
    return {
      code: "E_LIMIT",
      message: `train: the browser has no memory left (${message}); use a smaller batch, smaller pictures or fewer of them`,
    };
  }
  return { message };
}

/** Nothing where a part of them cannot travel. */
function cloned(details: TlxError["details"]): TlxError["details"] | undefined {
  try {
    return structuredClone(details);
  } catch {
    return undefined;
  }
}

export const receiveError = ({ code, message, details }: SentError): Error =>
  code === undefined ? new Error(message) : new TlxError(code, message, details);

type Rule = readonly [expected: string, holds: (value: unknown) => boolean];
const isText = (value: unknown): boolean => typeof value === "string";
const name: Rule = ["a name", (value) => isText(value) && !["", ".", ".."].includes(value as string)];

const rules: { readonly [K in keyof Required<TrainingRequest>]: Rule } = {
  run: name,
  data: name,
  model: ["the name of a network", isText],
  weights: [
    '"none", a file, or { url, sha256 }',
    (value) =>
      value === "none" ||
      value instanceof Blob ||
      (isObject(value) && isText(value.url) && (value.sha256 === undefined || isText(value.sha256))),
  ],
  settings: ["an object of settings", isObject],
  split: ["a number above 0 and below 1", (value) => typeof value === "number" && value > 0 && value < 1],
  acceptOtherGpu: ["true or false", (value) => typeof value === "boolean"],
};

/** Throws E_USAGE for what is no request. Settings are checked where they are completed. */
export function checkRequest(value: unknown): TrainingRequest {
  const refuse = (message: string): never => {
    throw new TlxError("E_USAGE", `train: ${message}`);
  };
  if (!isObject(value)) return refuse(`expected a request such as { run, data, weights }, found ${typeof value}`);
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(rules, key)) refuse(`there is no "${key}"; there are: ${Object.keys(rules).join(", ")}`);
  }
  for (const [key, [expected, holds]] of Object.entries(rules)) {
    const entry = value[key];
    const isMissing = entry === undefined && key !== "run" && key !== "data";
    if (!isMissing && !holds(entry))
      refuse(`expected ${key} to be ${expected}, found ${JSON.stringify(entry) ?? "none"}`);
  }
  return value as unknown as TrainingRequest;
}
