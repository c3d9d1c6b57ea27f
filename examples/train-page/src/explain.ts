/** What went wrong, for people: what happened, and what they can do now. */
import { type ErrorCode, TlxError } from "@tlx/kernels";

export interface Explanation {
  readonly title: string;
  readonly text: string;
  /** What can be done. */
  readonly hint: string;
}

const explanations: Readonly<Partial<Record<ErrorCode, readonly [title: string, hint: string]>>> = {
  E_ADAPTER: [
    "This browser does not give the page a graphics processor",
    "Use a current version of Chrome, Edge, Firefox or Safari with hardware acceleration on, or train with tlx train on the command line.",
  ],
  E_DATA: [
    "There is a problem with the pictures or the storage",
    "Choose other pictures; where the storage is full, remove trainings at the end of the page.",
  ],
  E_DEVICE: [
    "The graphics processor stopped working",
    "Go on with the training at the end of the page: it stands where it was last saved.",
  ],
  E_DIVERGED: ["The training went astray", "Train again with a smaller learning rate."],
  E_LIMIT: [
    "The graphics processor has too little memory for this",
    "Close other pages, or let only a new last layer learn, and train again.",
  ],
  E_NETWORK: ["The network's weights could not be loaded", "Check the connection and train again."],
  E_WEIGHTS: [
    "Weights or a saved state are damaged or of another network",
    "Reload the page and train again; remove the training where that does not help.",
  ],
  E_USAGE: [
    "This cannot go on as it is",
    "Choose what the training began with, close it in other tabs, or begin a new one.",
  ],
  E_VERIFY: ["The graphics processor gives wrong results", "A newer browser or graphics driver may help."],
};

export function explain(error: unknown): Explanation {
  const text = error instanceof Error ? error.message : String(error);
  const [title, hint] = (error instanceof TlxError && explanations[error.code]) || [
    "Something went wrong",
    "Reload the page and try again; what was saved is still there.",
  ];
  return { title, text, hint };
}

/** The same of what should be a run from elsewhere. */
export function explainImport(error: unknown): Explanation {
  const explanation = explain(error);
  if (!(error instanceof TlxError && error.code === "E_WEIGHTS")) return explanation;
  const title = "This is no run that can be brought here";
  return { ...explanation, title, hint: "Choose the folder that tlx train wrote, or a zip of it." };
}

/** What the page needs and the browser lacks. */
export function whatIsMissing(): Explanation | undefined {
  const text = "Trainings that are kept here can still be downloaded.";
  if (!("gpu" in navigator && navigator.gpu)) {
    const title = isSecureContext
      ? "Training needs WebGPU, which this browser does not have"
      : "Training needs WebGPU, which browsers give to pages with an https address only";
    const hint =
      "Use a current version of Chrome, Edge, Firefox or Safari, on https or localhost, or train on the command line with tlx train.";
    return { title, text, hint };
  }
  if (!navigator.storage?.getDirectory) {
    const title = "Training needs the browser's own storage, which this browser does not have or forbids";
    const hint = "Leave private browsing, or use a current version of Chrome, Edge, Firefox or Safari.";
    return { title, text: "Pictures and trainings are kept there, so that a training can go on.", hint };
  }
  return undefined;
}
