import { type Answer, checkRequest, isOrder, sendError } from "./messages.js";
import { runTraining } from "./run-training.js";
import type { TrainingRequest } from "./training.js";

/** Of a worker's global scope what is needed here. */
export interface WorkerPort {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/** Does what a page's `createTrainer` asks for; messages of others are left alone. */
export function serveTraining(port: WorkerPort): void {
  const running = new Map<number, AbortController>();
  const send = (answer: Answer): void => port.postMessage(answer);
  port.addEventListener("message", async ({ data }) => {
    if (!isOrder(data)) return;
    const { id } = data;
    if (data.kind === "stop") return running.get(id)?.abort();
    const stopping = new AbortController();
    running.set(id, stopping);
    send(await answerOf(id, data.request, stopping.signal, send));
    running.delete(id);
  });
}

async function answerOf(
  id: number,
  request: TrainingRequest,
  signal: AbortSignal,
  send: (answer: Answer) => void,
): Promise<Answer> {
  const about = { tlx: "training", id } as const;
  try {
    const { run } = checkRequest(request);
    const summary = await runTraining(request, {
      signal,
      emit: (event) => send({ ...about, kind: "event", event }),
      onUnkept: (unkept) => {
        const files = [...unkept].map(([path, bytes]) => [path, new File([bytes as BlobPart], nameOf(path))] as const);
        send({ ...about, kind: "unkept", run, files });
      },
    });
    return { ...about, kind: "done", summary };
  } catch (error) {
    if (signal.aborted && error === signal.reason) return { ...about, kind: "stopped" };
    return { ...about, kind: "failed", error: sendError(error) };
  }
}

const nameOf = (path: string): string => path.split("/").at(-1) as string;
