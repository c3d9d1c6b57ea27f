import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

export interface SgdStep {
  readonly momentum: number;
  readonly nesterov?: boolean;
  /** Largest norm, and the squared norm that is given; left out: gradients are taken as they are. */
  readonly clip?: number;
  readonly norm?: number;
}

/** Rate and decay are large so that a missing one shows. */
export const sgdStep = (
  { momentum, nesterov = false, clip = 0, norm }: SgdStep,
  shape: readonly number[],
): Pick<Case<NoParams>, "inputs" | "params" | "fill"> => {
  const hyper = [0.3, momentum, nesterov ? 1 : 0, 0, 0.1, 0, 0, clip];
  return {
    inputs: [...Array.from({ length: 3 }, () => f32(...shape)), f32(8), ...(norm === undefined ? [] : [f32(1)])],
    params: {},
    fill: (input, index, random) => (input === 3 ? hyper[index]! : input === 4 ? norm! : 2 * random() - 1),
  };
};

export const sgdCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], ...sgdStep({ momentum: 0.9 }, [1]) },
  { name: "without-momentum", tags: ["edge"], ...sgdStep({ momentum: 0 }, [3, 5]) },
  { name: "nesterov", tags: ["edge"], ...sgdStep({ momentum: 0.9, nesterov: true }, [3, 5, 7]) },
  { name: "clipped", tags: ["edge"], ...sgdStep({ momentum: 0.9, nesterov: true, clip: 0.5, norm: 7 }, [131]) },
  { name: "below-the-clip", tags: ["edge"], ...sgdStep({ momentum: 0.9, clip: 3, norm: 7 }, [131]) },
  { name: "clip-off", tags: ["edge"], ...sgdStep({ momentum: 0.9, clip: 0, norm: 7 }, [131]) },
  { name: "no-gradient", tags: ["edge"], ...sgdStep({ momentum: 0.9, clip: 1, norm: 0 }, [11]) },
  { name: "flowers-head", tags: ["model"], ...sgdStep({ momentum: 0.9, clip: 1, norm: 4 }, [6464]) },
  { name: "hidden-head", tags: ["model", "bench"], ...sgdStep({ momentum: 0.9, nesterov: true }, [1280 * 256 + 1856]) },
];
