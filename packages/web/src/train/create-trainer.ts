/** A training in a worker, from the page's side. */
import { TlxError } from "@tlx/kernels";
import { resolveUrl } from "../fetch-file.js";
import { holdUnkept } from "./kept-runs.js";
import { checkRequest, isAnswer, type Order, receiveError } from "./messages.js";
import type { TrainingEvent, TrainingRequest, TrainingSummary } from "./training.js";

export interface TrainingOptions {
  /**
   * Ends the training after the step that is being worked on. With an epoch done it ends in order, with the best one so far; before
   * that it rejects with the signal's reason, and the run can go on later.
   */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainingEvent) => void;
}

export interface Trainer {
  /**
   * Begins a run, or goes on with an unfinished one.
   * Rejects with a TlxError: E_USAGE for a request that cannot be followed and a run that is finished or in use, E_DATA for pictures,
   * E_WEIGHTS and E_NETWORK for weights, E_ADAPTER without WebGPU, E_LIMIT without memory, E_DIVERGED, E_DEVICE.
   */
  train(request: TrainingRequest, options?: TrainingOptions): Promise<TrainingSummary>;
  /** Ends the worker at once: a run can go on from the last state that was saved. */
  close(): void;
}

interface Pending {
  readonly resolve: (summary: TrainingSummary) => void;
  readonly reject: (error: unknown) => void;
  readonly options: TrainingOptions;
}

/** `worker` has imported "@tlx/web/train-worker". */
export function createTrainer(worker: Worker): Trainer {
  const pending = new Map<number, Pending>();
  let count = 0;
  /** Why the worker does nothing more. */
  let ended: TlxError | undefined;
  const end = (error: TlxError): void => {
    ended ??= error;
    worker.terminate();
    for (const { reject } of pending.values()) reject(ended);
    pending.clear();
  };
  const send = (order: Order): void => worker.postMessage(order);

  worker.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (!isAnswer(data)) return;
    if (data.kind === "unkept") return holdUnkept(data.run, data.files);
    const training = pending.get(data.id);
    if (!training) return;
    if (data.kind === "event") return training.options.onEvent?.(data.event);
    pending.delete(data.id);
    if (data.kind === "done") training.resolve(data.summary);
    else training.reject(data.kind === "stopped" ? training.options.signal?.reason : receiveError(data.error));
  });
  worker.addEventListener("error", (event) => {
    const found = event.message || "no script that can be loaded";
    const todo = "check the address of the script, and that it imports @tlx/web/train-worker";
    end(new TlxError("E_USAGE", `train: expected a worker that trains, found ${found}; ${todo}`));
  });

  return {
    async train(request, options = {}) {
      const { signal } = options;
      signal?.throwIfAborted();
      if (ended) throw ended;
      const id = count++;
      const checked = withAddress(checkRequest(request));
      const stop = (): void => send({ tlx: "training", id, kind: "stop" });
      try {
        return await new Promise((resolve, reject) => {
          pending.set(id, { resolve, reject, options });
          signal?.addEventListener("abort", stop, { once: true });
          send({ tlx: "training", id, kind: "train", request: checked });
        });
      } finally {
        signal?.removeEventListener("abort", stop);
        pending.delete(id);
      }
    },
    close() {
      const todo = "the run can go on from its last saved state, by a trainer of another worker";
      end(new TlxError("E_USAGE", `train: the trainer was closed; ${todo}`));
    },
  };
}

/** Addresses are of the page, not of the worker's script. */
function withAddress(request: TrainingRequest): TrainingRequest {
  const { weights } = request;
  if (typeof weights !== "object" || weights instanceof Blob) return request;
  return { ...request, weights: { ...weights, url: resolveUrl(weights.url).href } };
}
