/**
 * `resampleImage` for several lines across its axis at a time: they have the same taps, so a weight is read once for all, which
 * helps software adapters, where loads are what costs.
 */
import type { Problem, Variant } from "../../op.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";
import type { ResampleParams } from "./resample-image.js";
import { FRACTION_BITS } from "./resample-table.js";

/** Of an element. */
const LINES = 4;

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "resampleImage/lines",
  bindings: { x: "read u32", starts: "read u32", weights: "read i32", y: "write u32" },
  // Pixels as [outer, extent, inner] -> [outer, outExtent, inner]; lines are those of `inner` or, where it is 1, of `outer`.
  // Neighbouring elements take neighbours in memory, so the lines of one are apart.
  args: {
    ...{ extent: "u32", outExtent: "u32", inner: "u32", taps: "u32", fractionBits: "u32" },
    ...{ lines: "u32", apart: "u32", fast: "u32", slow: "u32", xLine: "u32", yLine: "u32" },
  },
  // Taps beyond the picture have weight 0.
  body: wgsl`
fn element(i: u32) {
  let near = i % args.fast;
  let far = i / args.fast % args.slow;
  let outer = i / args.fast / args.slow;
  let o = select(near, far, args.inner > 1u);
  let first = near + far - o;
  // A line beyond the last is a copy of it.
  let line = min(vec4u(first) + vec4u(0u, 1u, 2u, 3u) * args.apart, vec4u(args.lines - 1u));
  var sums: array<vec4i, 4>;
  for (var t = 0u; t < args.taps; t++) {
    let step = min(starts[o] + t, args.extent - 1u);
    let at = line * args.xLine + (outer * args.extent + step) * args.inner;
    let pixels = vec4u(x[at.x], x[at.y], x[at.z], x[at.w]);
    for (var c = 0u; c < 4u; c++) {
      sums[c] += weights[o * args.taps + t] * vec4i((pixels >> vec4u(8u * c)) & vec4u(255u));
    }
  }
  var made = vec4u();
  for (var c = 0u; c < 4u; c++) {
    let sum = (sums[c] + (1 << (args.fractionBits - 1u))) >> vec4u(args.fractionBits);
    made |= vec4u(clamp(sum, vec4i(0), vec4i(255))) << vec4u(8u * c);
  }
  let to = line * args.yLine + (outer * args.outExtent + o) * args.inner;
  y[to.x] = made.x;
  y[to.y] = made.y;
  y[to.z] = made.z;
  y[to.w] = made.w;
}
`,
});

/** Arguments of the kernel, and how many elements there are. */
function layoutOf({ inputs: [x], params: { axis, size } }: Problem<ResampleParams>) {
  const [n, h, w] = x!.shape as [number, number, number, number];
  const [outer, extent, inner] = axis === "height" ? [n, h, w] : [n * h, w, 1];
  const isInner = inner > 1;
  const lines = isInner ? inner : outer;
  const apart = Math.ceil(lines / LINES);
  const [fast, slow, xLine, yLine] = isInner ? [apart, size, 1, 1] : [size, apart, extent, size];
  const layout = { extent, outExtent: size, inner, lines, apart, fast, slow, xLine, yLine };
  return { layout, elements: fast * slow * (isInner ? outer : 1) };
}

export const resampleLines: Variant<ResampleParams> = {
  ...elementwiseVariant(
    kernels,
    (problem: Problem<ResampleParams>) => {
      const taps = problem.inputs[2]!.shape[1]!;
      return {
        bind: { x: { input: 0 }, starts: { input: 1 }, weights: { input: 2 }, y: { output: 0 } },
        args: { ...layoutOf(problem).layout, taps, fractionBits: FRACTION_BITS },
      };
    },
    (problem) => ({ size: layoutOf(problem).elements, alike: 1 }),
  ),
  name: "lines",
  suits: (_problem, { software }) => software,
};
