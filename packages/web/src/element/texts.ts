/** What the element says, for translation. */
import { TlxError } from "@tlx/kernels";

export interface ClassifierTexts {
  readonly choose: string;
  /** Inside the place where pictures are dropped. */
  readonly drop: string;
  readonly camera: string;
  readonly stop: string;
  /** Names the picture that is shown. */
  readonly picture: string;
  /** Names the moving picture of the camera. */
  readonly live: string;
  /** Names the list of classes. */
  readonly results: string;
  readonly loading: string;
  readonly preparing: string;
  readonly ready: string;
  readonly looking: string;
  readonly noWebGpu: string;
  readonly badPicture: string;
  readonly badModel: string;
  readonly wrongResults: string;
  readonly notFound: string;
  readonly cameraRefused: string;
  readonly noCamera: string;
  readonly noMemory: string;
  readonly deviceLost: string;
  readonly failed: string;
}

export const defaultTexts: ClassifierTexts = {
  choose: "Choose a picture",
  drop: "Drop a picture here, or paste one",
  camera: "Use the camera",
  stop: "Stop the camera",
  picture: "The picture",
  live: "Picture of the camera",
  results: "What the picture shows",
  loading: "Loading the model",
  preparing: "Preparing the model",
  ready: "Ready for a picture",
  looking: "Looking at the picture",
  noWebGpu:
    "This browser cannot run the classifier: it needs WebGPU. Use a current version of Chrome, Edge, Firefox or Safari, on a page with an https address.",
  badPicture: "This file is not a picture that can be read. Choose a JPEG, PNG or WebP picture.",
  badModel: "The model cannot be used: it is incomplete, damaged or of another version.",
  wrongResults:
    "The model gives wrong results on this device and is not used. A newer browser or graphics driver may help.",
  notFound: "The file could not be loaded. Check the connection and try again.",
  cameraRefused: "The camera may not be used. Allow it in the browser's settings for this page, or choose a picture.",
  noCamera: "There is no camera that can be used. Choose a picture instead.",
  noMemory: "There is not enough graphics memory. Close other pages and try again.",
  deviceLost: "The graphics device stopped working. Try again.",
  failed: "Something went wrong. Try again.",
};

/** The text for a failure, by its code. */
export function textKeyOf(error: unknown): keyof ClassifierTexts {
  if (!(error instanceof TlxError)) return "failed";
  const { camera } = error.details;
  if (camera !== undefined) return camera === "refused" ? "cameraRefused" : "noCamera";
  switch (error.code) {
    case "E_ADAPTER":
      return "noWebGpu";
    case "E_DATA":
      return "badPicture";
    case "E_USAGE":
    case "E_WEIGHTS":
    case "E_SHAPE":
    case "E_GRAPH":
      return "badModel";
    case "E_VERIFY":
      return "wrongResults";
    case "E_NETWORK":
      return "notFound";
    case "E_LIMIT":
      return "noMemory";
    case "E_DEVICE":
      return "deviceLost";
    default:
      return "failed";
  }
}
