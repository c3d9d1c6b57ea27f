import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";
import type { UpdateParams } from "../../variants/update-variant.js";

/** What the optimizers' cases share. */
export interface UpdateSetting {
  /** Largest norm; 0 leaves gradients as they are. */
  readonly clip?: number;
  /** The squared norm that is given. */
  readonly norm?: number;
  /** What gradients and their norm are multiplied by. */
  readonly scale?: number;
  readonly rateScale?: number;
  readonly masked?: boolean;
  /** Decay of the average; there is none where it is left out. */
  readonly average?: number | undefined;
}

/** A case of an optimizer over `values` (param, gradient, moments) of `shape`. A mask holds zeros, ones and what lies between. */
export const updateCase = (
  hyper: readonly number[],
  { clip = 0, norm = 4, scale = 1, rateScale = 1, masked = false, average }: UpdateSetting,
  values: number,
  shape: readonly number[],
  fillValue: (input: number, random: () => number) => number,
): Pick<Case<UpdateParams>, "inputs" | "params" | "fill"> => {
  const averaged = average !== undefined;
  const numbers = [...hyper.slice(0, 7), clip, scale, average ?? 0, 0, 0];
  const given = values + Number(averaged);
  const spec = f32(...shape);
  const maskValues = [0, 1, 0.5];
  return {
    inputs: [...Array.from({ length: given }, () => spec), f32(12), f32(1), ...(masked ? [spec] : [])],
    params: { rateScale, masked, averaged },
    fill(input, index, random) {
      if (input < values) return fillValue(input, random);
      if (input < given) return 2 * random() - 1;
      if (input === given) return numbers[index]!;
      return input === given + 1 ? norm : maskValues[Math.floor(3 * random())]!;
    },
  };
};

export interface SgdStep extends UpdateSetting {
  readonly momentum: number;
  readonly nesterov?: boolean;
}

/** Rate and decay are large so that a missing one shows. */
export const sgdStep = (
  { momentum, nesterov = false, ...setting }: SgdStep,
  shape: readonly number[],
): Pick<Case<UpdateParams>, "inputs" | "params" | "fill"> =>
  updateCase([0.3, momentum, nesterov ? 1 : 0, 0, 0.1, 0, 0], setting, 3, shape, (_input, random) => 2 * random() - 1);

export const sgdCases: readonly Case<UpdateParams>[] = [
  { name: "one", tags: ["edge"], ...sgdStep({ momentum: 0.9 }, [1]) },
  { name: "without-momentum", tags: ["edge"], ...sgdStep({ momentum: 0 }, [3, 5]) },
  { name: "nesterov", tags: ["edge"], ...sgdStep({ momentum: 0.9, nesterov: true }, [3, 5, 7]) },
  { name: "clipped", tags: ["edge"], ...sgdStep({ momentum: 0.9, nesterov: true, clip: 0.5, norm: 7 }, [131]) },
  { name: "below-the-clip", tags: ["edge"], ...sgdStep({ momentum: 0.9, clip: 3, norm: 7 }, [131]) },
  { name: "clip-off", tags: ["edge"], ...sgdStep({ momentum: 0.9, clip: 0, norm: 7 }, [131]) },
  { name: "no-gradient", tags: ["edge"], ...sgdStep({ momentum: 0.9, clip: 1, norm: 0 }, [11]) },
  { name: "scaled", tags: ["edge"], ...sgdStep({ momentum: 0.9, clip: 0.5, norm: 7, scale: 0.25 }, [131]) },
  {
    name: "scaled-below-the-clip",
    tags: ["edge"],
    ...sgdStep({ momentum: 0.9, clip: 1, norm: 7, scale: 0.25 }, [131]),
  },
  { name: "masked", tags: ["edge"], ...sgdStep({ momentum: 0.9, masked: true, rateScale: 0.3 }, [5, 29]) },
  { name: "vectors", tags: ["edge"], ...sgdStep({ momentum: 0.9, nesterov: true, clip: 0.5 }, [41, 43, 12]) },
  {
    name: "masked-vectors",
    tags: ["edge"],
    ...sgdStep({ momentum: 0.9, masked: true, average: 0.75 }, [5, 28]),
  },
  { name: "averaged", tags: ["edge"], ...sgdStep({ momentum: 0.9, average: 0.75 }, [3, 5, 7]) },
  {
    name: "averaged-masked",
    tags: ["edge"],
    ...sgdStep({ momentum: 0.9, clip: 0.5, masked: true, average: 0 }, [131]),
  },
  { name: "norm-infinite", tags: ["edge"], ...sgdStep({ momentum: 0.9, norm: Number.POSITIVE_INFINITY }, [131]) },
  { name: "norm-not-a-number", tags: ["edge"], ...sgdStep({ momentum: 0.9, norm: Number.NaN, masked: true }, [131]) },
  { name: "flowers-head", tags: ["model"], ...sgdStep({ momentum: 0.9, clip: 1 }, [6464]) },
  { name: "hidden-head", tags: ["model", "bench"], ...sgdStep({ momentum: 0.9, nesterov: true }, [1280 * 256 + 1856]) },
];
