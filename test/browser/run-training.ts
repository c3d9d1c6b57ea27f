/** What the test of training does in a page: plain values in, plain values out. */
import { TlxError } from "@tlx/kernels";
import {
  createTrainer,
  importRun,
  type KeptPictures,
  type KeptRun,
  keepPictures,
  listRuns,
  runFiles,
  type Trainer,
  type TrainingEvent,
  type TrainingRequest,
  type TrainingSummary,
} from "@tlx/web/train";

/** A file by its path and its bytes in base64. */
export type NamedFile = readonly [path: string, bytes: string];

export interface Outcome {
  readonly summary?: TrainingSummary;
  readonly error?: { readonly code: string; readonly message: string };
  readonly events: readonly TrainingEvent[];
}

/** When something is done to a training: once an event of this type came, of this epoch and step at least. */
export interface Moment {
  readonly at: TrainingEvent["type"];
  readonly epoch?: number;
  readonly step?: number;
  readonly do: "abort" | "close" | "halt" | "lose";
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

const filesOf = (files: readonly NamedFile[]): (readonly [string, File])[] =>
  files.map(([path, bytes]) => [path, new File([bytesOf(bytes)], path.split("/").at(-1) as string)]);

interface TestWorker {
  postMessage(message: unknown): void;
}
declare const Worker: new (url: string, options: { type: "module" }) => TestWorker;

let worker: TestWorker | undefined;
let trainer: Trainer | undefined;
/** What the last training of this page has told so far. */
const seen: TrainingEvent[] = [];

function ready(): Trainer {
  worker ??= new Worker("/worker.js", { type: "module" });
  trainer ??= createTrainer(worker as Parameters<typeof createTrainer>[0]);
  return trainer;
}

type Asked = Omit<TrainingRequest, "weights"> & { readonly weights?: NonNullable<TrainingRequest["weights"]> | "file" };

const actions = {
  keep: (name: string, files: readonly NamedFile[]): Promise<KeptPictures> => keepPictures(name, filesOf(files)),
  list: (): Promise<readonly KeptRun[]> => listRuns(),
  bring: (name: string, files: readonly NamedFile[]): Promise<KeptRun> => importRun(name, filesOf(files)),
  take: async (name: string): Promise<NamedFile[]> =>
    Promise.all(
      [...(await runFiles(name))].map(
        async ([path, file]) => [path, base64Of(new Uint8Array(await file.arrayBuffer()))] as const,
      ),
    ),
  tell: async (message: unknown): Promise<void> => {
    ready();
    worker?.postMessage(message);
  },
  /** Twice by a worker whose script is none: what the errors say. */
  trainNowhere: async (): Promise<string[]> => {
    const nobody = createTrainer(new Worker("/", { type: "module" }) as Parameters<typeof createTrainer>[0]);
    const messages: string[] = [];
    for (const run of ["first", "second"]) {
      await nobody.train({ run, data: "colours" }).catch((error) => messages.push(error.message));
    }
    return messages;
  },
  train: async (request: Asked, moment?: Moment): Promise<Outcome> => {
    seen.length = 0;
    const stop = new AbortController();
    let waits = moment !== undefined;
    const onEvent = (event: TrainingEvent): void => {
      seen.push(event);
      if (!waits || event.type !== moment?.at) return;
      if (moment.epoch !== undefined && "epoch" in event && event.epoch < moment.epoch) return;
      if (moment.step !== undefined && "step" in event && event.step < moment.step) return;
      waits = false;
      if (moment.do === "abort") stop.abort(new TlxError("E_USAGE", "enough"));
      else if (moment.do === "halt") worker?.postMessage("halt");
      else if (moment.do === "lose") worker?.postMessage("lose the device");
      else if (moment.do === "close") {
        ready().close();
        [worker, trainer] = [undefined, undefined];
      }
    };
    try {
      const weights = request.weights === "file" ? await (await fetch("/weights")).blob() : request.weights;
      const asked = { ...request, ...(weights && { weights }) } as TrainingRequest;
      return { summary: await ready().train(asked, { onEvent, signal: stop.signal }), events: [...seen] };
    } catch (error) {
      const { message } = error as Error;
      return { error: { code: error instanceof TlxError ? error.code : "none", message }, events: [...seen] };
    }
  },
};

export type Actions = typeof actions;

/** In a page: makes `act(name, args)` and `seen`. */
export function listen(): void {
  const act = (name: keyof Actions, args: readonly unknown[]): Promise<unknown> =>
    (actions[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args);
  Object.assign(globalThis, { act, seen });
}
