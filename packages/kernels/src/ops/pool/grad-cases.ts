import { f32, sizeOf } from "../../spec.js";
import { hashText, randomFrom } from "../../testing/random.js";
import type { Case } from "../../testing/record.js";
import type { AveragePoolParams } from "./average-pool.js";
import type { AveragePoolGradParams } from "./average-pool-grad.js";
import { averagePoolCases, globalAveragePoolCases, maxPoolCases } from "./cases.js";
import { inferPool, type PoolParams } from "./geometry.js";
import type { GlobalAveragePoolGradParams } from "./global-average-pool-grad.js";
import { referenceMaxPool } from "./reference.js";

type Over<P> = Pick<Case<P>, "inputs" | "params" | "fill">;

/** x in few steps, so that windows have several largest elements; y is what maxPool makes of it. */
export const maxPoolGradOf = ({ inputs, params }: Pick<Case<PoolParams>, "inputs" | "params">): Over<PoolParams> => {
  const outputs = inferPool("maxPoolGrad", inputs, params);
  let made: readonly Float64Array[] | undefined;
  const make = (): readonly Float64Array[] => {
    const random = randomFrom(hashText(JSON.stringify(inputs[0]!.shape)));
    const x = Float64Array.from({ length: sizeOf(inputs[0]!) }, () => Math.floor(8 * random()) / 8 - 1);
    return [x, referenceMaxPool([x], { inputs, outputs, params })[0]!];
  };
  return {
    inputs: [inputs[0]!, outputs[0]!, outputs[0]!],
    params,
    fill(input, index, random) {
      made ??= make();
      return made[input]?.[index] ?? 2 * random() - 1;
    },
  };
};

export const maxPoolGradCases: readonly Case<PoolParams>[] = maxPoolCases.map((c) => ({ ...c, ...maxPoolGradOf(c) }));

export const averagePoolGradOf = ({
  inputs,
  params,
}: Pick<Case<AveragePoolParams>, "inputs" | "params">): Over<AveragePoolGradParams> => {
  const [, height, width] = inputs[0]!.shape as [number, number, number, number];
  return {
    inputs: inferPool("averagePoolGrad", inputs, params),
    params: { ...params, inputSize: [height, width] },
  };
};

export const averagePoolGradCases: readonly Case<AveragePoolGradParams>[] = averagePoolCases.map((c) => ({
  ...c,
  ...averagePoolGradOf(c),
}));

export const globalAveragePoolGradOf = (
  n: number,
  height: number,
  width: number,
  channels: number,
  keptRank = false,
): Over<GlobalAveragePoolGradParams> => ({
  inputs: [keptRank ? f32(n, 1, 1, channels) : f32(n, channels)],
  params: { size: [height, width] },
});

export const globalAveragePoolGradCases: readonly Case<GlobalAveragePoolGradParams>[] = globalAveragePoolCases.map(
  (c) => ({
    ...c,
    ...globalAveragePoolGradOf(...(c.inputs[0]!.shape as [number, number, number, number]), c.params.keepRank),
  }),
);
