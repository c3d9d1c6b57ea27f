/** What variants share that compute a product by tiles in workgroup memory, for real GPUs. */
import type { Problem, Variant } from "../op.js";
import { tileBody } from "../wgsl/tile-body.js";
import { bytesOfTile, type Element, threadsOf, type WorkgroupTile } from "../wgsl/workgroup-tile.js";
import { type TiledWork, type Tiling, tiledVariant } from "./tiled-work.js";

const tile = (rows: number, columns: number, steps: number, perRows: number, perColumns: number) => ({
  ...{ rows, columns, steps, perRows, perColumns },
});

/** From the largest to the smallest; the last suits everything. */
const tiles = [
  tile(128, 128, 16, 8, 8),
  tile(128, 128, 8, 8, 8),
  tile(128, 64, 16, 8, 8),
  tile(64, 64, 16, 8, 4),
  tile(64, 64, 16, 4, 4),
  tile(128, 16, 16, 8, 4),
  tile(16, 64, 16, 4, 4),
  tile(64, 32, 16, 4, 4),
  tile(32, 32, 8, 4, 4),
];

const tilesOf = (element: Element): Pick<Tiling, "tiles" | "text"> => ({
  tiles: (caps) =>
    tiles.filter(
      (t) =>
        bytesOfTile(t, element) <= caps.maxComputeWorkgroupStorageSize &&
        threadsOf(t) <= caps.maxComputeInvocationsPerWorkgroup,
    ),
  text: (cut, _caps, b) => {
    const t = cut as unknown as WorkgroupTile;
    const isHalf = element === "f16";
    return {
      variant: isHalf ? half.name : workgroupTiles.name,
      enable: isHalf ? ["f16"] : [],
      threads: threadsOf(t),
      b,
      result: (vector) => (vector ? "write vec4f" : "write f32"),
      body: (parts) => tileBody(t, element, parts),
    };
  },
});

export const workgroupTiles: Tiling = { name: "workgroup-tile", suits: (caps) => !caps.software, ...tilesOf("f32") };

/** Blocks of float16 in workgroup memory, and weights of float16 where they are constant: half the traffic of both. */
const half: Tiling = {
  ...{ name: "workgroup-tile-half", precision: "half", suits: () => true },
  text: tilesOf("f16").text,
  tiles: (caps) => (caps.halfFloats ? tilesOf("f16").tiles(caps) : []),
};

type WorkOf<P> = (problem: Problem<P>) => TiledWork | undefined;

export const workgroupTileVariant = <P>(workOf: WorkOf<P>): Variant<P> => tiledVariant(workgroupTiles, workOf);
export const workgroupTileHalfVariant = <P>(workOf: WorkOf<P>): Variant<P> => tiledVariant(half, workOf);
