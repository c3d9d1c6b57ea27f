/** What variants share that compute a product by matrices of subgroups, where Dawn offers them. */
import type { Capabilities, MatrixShape } from "../gpu/capabilities.js";
import type { Problem, Variant, VariantSettings } from "../op.js";
import { bytesOfMatrixTile, isMatrixTile, type MatrixTile, matrixBody, matrixThreads } from "../wgsl/matrix-tile.js";
import { type TiledWork, type Tiling, tiledVariant } from "./tiled-work.js";

type Cut = Readonly<
  Record<"rows" | "columns" | "steps" | "down" | "across", number> & Omit<Record<keyof MatrixShape, number>, "factors">
>;

const cut = (rows: number, columns: number, steps: number, down: number, across: number) => ({
  ...{ rows, columns, steps, down, across },
});

/** From the largest to the smallest. */
const cuts = [
  cut(128, 128, 32, 2, 2),
  cut(128, 128, 16, 2, 2),
  cut(128, 64, 32, 2, 2),
  cut(128, 64, 16, 2, 2),
  cut(64, 64, 32, 2, 2),
  cut(64, 64, 16, 2, 2),
  cut(32, 64, 16, 1, 2),
  cut(32, 32, 32, 2, 2),
  cut(32, 32, 32, 1, 1),
  cut(32, 32, 16, 1, 1),
];

type Factors = MatrixShape["factors"];

const tileOf = ({ m, n, k, ...shape }: Cut, factors: Factors, caps: Capabilities): MatrixTile => ({
  ...{ ...shape, matrix: { m, n, k, factors }, lanes: caps.largestSubgroup },
});

/** Chosen by the tuner alone, once its results were found right: the extension is experimental. */
const tilingOf = (name: string, factors: Factors): Tiling => ({
  name,
  suits: () => false,
  tiles: (caps) => {
    const shapes = caps.matrices.filter((shape) => shape.factors === factors);
    return cuts.flatMap((c) =>
      shapes
        .map(({ m, n, k }) => ({ ...c, m, n, k }))
        .filter((settings) => {
          const t = tileOf(settings, factors, caps);
          return (
            isMatrixTile(t) &&
            bytesOfMatrixTile(t) <= caps.maxComputeWorkgroupStorageSize &&
            matrixThreads(t) <= caps.maxComputeInvocationsPerWorkgroup
          );
        }),
    );
  },
  text: (settings: VariantSettings, caps, b) => {
    const t = tileOf(settings as unknown as Cut, factors, caps);
    return {
      variant: name,
      enable: [...(factors === "f16" ? ["f16"] : []), "subgroups", "chromium_experimental_subgroup_matrix"],
      threads: matrixThreads(t),
      b,
      result: () => "write f32",
      body: (parts) => matrixBody(t, parts),
    };
  },
});

const float = tilingOf("subgroup-matrix", "f32");
const half: Tiling = { ...tilingOf("subgroup-matrix-half", "f16"), precision: "half" };

/** In float32, and with factors of float16. */
export const subgroupMatrixVariants = <P>(
  workOf: (problem: Problem<P>) => TiledWork | undefined,
): readonly Variant<P>[] => [tiledVariant(half, workOf), tiledVariant(float, workOf)];
