/** How kernels compare with peers over shapes: geometric means of ratios, and the worst one. */
import type { RatioGroup, Result } from "./result.js";
import { geometricMean } from "./statistics.js";

const groups: Readonly<Record<string, readonly string[]>> = {
  "matmul and conv2d, forward": ["matmul", "conv2d"],
  "matmul and conv2d, backward": ["matmulTransposeA", "matmulTransposeB", "conv2dInputGrad", "conv2dWeightGrad"],
  "depthwise, forward": ["depthwiseConv2d"],
  "depthwise, backward": ["depthwiseConv2dInputGrad", "depthwiseConv2dWeightGrad", "depthwiseConv2dGrads"],
};
const EVERY = "all kernels";
/** Of each shape the fastest one that is not TensorFlow.js. */
const BEST = "best of ort-webgpu and jax-webgpu";
const others = ["ort-webgpu", "jax-webgpu"];

/** "conv2d/8x56x56x64-64-3x3/subgroup-tile" -> "conv2d/8x56x56x64-64-3x3" */
const shapeOf = ({ name }: Result): string => name.split("/").slice(0, 2).join("/");

interface ShapeTimes {
  readonly shape: string;
  readonly chosenMs: number;
  readonly fastestMs: number;
  readonly peers: Readonly<Record<string, number>>;
}

function shapesOf(results: readonly Result[]): ShapeTimes[] {
  const byShape = new Map<string, Result[]>();
  for (const result of results) {
    if (result.default !== undefined) byShape.set(shapeOf(result), [...(byShape.get(shapeOf(result)) ?? []), result]);
  }
  return [...byShape].flatMap(([shape, all]) => {
    const chosen = all.find((r) => r.default);
    if (!chosen) return [];
    const peers: Record<string, number> = Object.fromEntries(
      Object.entries(chosen.peers).map(([peer, { medianMs }]) => [peer, medianMs]),
    );
    const best = Math.min(...others.map((peer) => peers[peer] ?? Number.POSITIVE_INFINITY));
    if (Number.isFinite(best)) peers[BEST] = best;
    return [
      {
        shape,
        chosenMs: chosen.medianMs,
        fastestMs: Math.min(...all.filter((r) => !r.precision).map((r) => r.medianMs)),
        peers,
      },
    ];
  });
}

/** Of the kernels among `results` that peers took part in. */
export function ratioGroups(results: readonly Result[]): RatioGroup[] {
  const shapes = shapesOf(results);
  const peers = [...new Set(shapes.flatMap((s) => Object.keys(s.peers)))].sort();
  return [...Object.entries(groups), [EVERY, undefined] as const].flatMap(([name, ops]) =>
    peers.flatMap((peer): RatioGroup[] => {
      const own = shapes.filter(
        (s) => s.peers[peer] !== undefined && (!ops || ops.includes(s.shape.slice(0, s.shape.indexOf("/")))),
      );
      if (own.length === 0) return [];
      const ratios = own.map((s) => s.peers[peer]! / s.chosenMs);
      const least = Math.min(...ratios);
      return [
        {
          ...{ name, peer, shapes: own.length, ratio: geometricMean(ratios) },
          tunedRatio: geometricMean(own.map((s) => s.peers[peer]! / s.fastestMs)),
          ...{ least, leastOf: own[ratios.indexOf(least)]!.shape },
        },
      ];
    }),
  );
}
