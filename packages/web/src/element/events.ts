import type { Prediction } from "../classifier.js";

export interface ReadyDetail {
  /** Names of the classes. */
  readonly labels: readonly string[];
}

export interface ProgressDetail {
  /** Bytes of the weights so far, and of how many where that is known. */
  readonly received: number;
  readonly total: number | undefined;
}

export interface ResultDetail {
  readonly predictions: readonly Prediction[];
  /** Is it a picture of the camera. */
  readonly live: boolean;
}

export interface ErrorDetail {
  readonly error: unknown;
  /** What the element says of it. */
  readonly text: string;
}

/** Events of the element; none of them bubbles. */
export interface ClassifierEvents {
  readonly ready: CustomEvent<ReadyDetail>;
  readonly progress: CustomEvent<ProgressDetail>;
  readonly result: CustomEvent<ResultDetail>;
  readonly error: CustomEvent<ErrorDetail>;
}

/** The types of these events for those who listen. */
export interface ClassifierEventTarget {
  addEventListener<K extends keyof ClassifierEvents>(
    type: K,
    listener: (event: ClassifierEvents[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof ClassifierEvents>(
    type: K,
    listener: (event: ClassifierEvents[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
}
