/**
 * Convolution under a 3x3 kernel of stride 1 by Winograd's method: pictures are cut into tiles of 2x2 or 4x4 results, whose
 * 4x4 or 6x6 inputs and the weight are transformed, so that a tile takes 16 or 36 products instead of 36 or 144.
 *
 *   y = epilogue(output transform of (for each place of a tile: V[tiles, c] @ U[c, oc]))
 *
 * Method   The products of all places are one launch: the matrix product over places and channels in a line, summed in a
 *          part for each place. V and M hold some tiles at a time. A constant weight is transformed once.
 *          Its error is 0.4 (2x2) and 2 (4x4) times that of the sum itself where it averages over many channels. A value that
 *          is not finite spreads over its tile.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { Dispatch, Lowered, Operand, Problem, Variant, VariantSettings } from "../../op.js";
import { hasTile, tileFor, tileSettings } from "../../variants/tile-variant.js";
import { dispatchTiled, settingsOfProducts } from "../../variants/tiled-work.js";
import { workgroupTiles } from "../../variants/workgroup-tile-variant.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { type Epilogue, type EpilogueParams, epilogueOf } from "../../wgsl/epilogue.js";
import type { TileShape } from "../../wgsl/workgroup-tile.js";
import type { Product } from "../matmul/product.js";
import { dispatchProduct } from "../matmul/subgroup-tile.wgsl.js";
import { tiledProduct } from "../matmul/workgroup-tile.wgsl.js";
import { type Convolution3x3, type Cut, costOf, costOfSum, cutInto, ROWS, specsOf, tilesFor } from "./winograd-cut.js";
import { inputKernel, outputKernel, weightKernel } from "./winograd-kernels.wgsl.js";

/** How V @ U is launched. */
type Multiply = (product: Product, parts: number, bind: Readonly<Record<"a" | "b" | "y", Operand>>) => Dispatch;

const isConstant = <P>({ constant = [] }: Problem<P>): boolean => constant.includes(1);

function lowerWinograd<P extends EpilogueParams>(
  problem: Problem<P>,
  caps: Capabilities,
  convolution: Convolution3x3,
  tile: number,
  multiply: Multiply,
): Lowered {
  const { turned, ...extents } = convolution;
  const { c, oc } = extents;
  const cut = cutInto(tile, convolution, caps);
  const { places, across, down, tiles, channels, pitch, chunk } = cut;
  const epilogue: Epilogue = epilogueOf(problem);
  const [v, m, u] = specsOf(cut, oc);
  const constant = isConstant(problem);
  const weight: Operand = constant ? { prepared: 0 } : { scratch: 2 };
  const size = channels * oc;
  const transform = dispatch(weightKernel(tile), caps, {
    threads: size,
    bind: { w: { input: 1 }, u: weight },
    args: {
      ...{ size, c, oc, channels, tapStep: c * oc, inStep: turned ? 1 : oc, outStep: turned ? c : 1 },
      turned: Number(turned),
    },
  });
  const input = inputKernel(tile);
  const output = outputKernel(tile, epilogue);
  const dispatches = constant ? [] : [transform];
  for (let first = 0; first < tiles; first += chunk) {
    const count = Math.min(chunk, tiles - first);
    const product = { m: count, k: places * channels, n: oc, aRow: pitch, aStep: 1, bStep: oc, bColumn: 1 };
    dispatches.push(
      dispatch(input, caps, {
        threads: count * channels,
        bind: { x: { input: 0 }, v: { scratch: 0 } },
        args: { ...extents, size: count * channels, channels, pitch, first, across, down },
      }),
      multiply(product, places, { a: { scratch: 0 }, b: weight, y: { scratch: 1 } }),
      dispatch(output, caps, {
        threads: count * oc,
        bind: { m: { scratch: 1 }, ...epilogue.bind, y: { output: 0 } },
        args: { ...extents, size: count * oc, first, across, down, activation: epilogue.activation },
      }),
    );
  }
  return constant
    ? { scratch: [v, m], prepared: [{ spec: u, dispatches: [transform] }], dispatches }
    : { scratch: [v, m, u], dispatches };
}

interface WinogradParts<P> {
  readonly name: string;
  convolutionOf(problem: Problem<P>): Convolution3x3 | undefined;
  /** How the products can be computed, the default first. */
  settings(caps: Capabilities, cut: Cut, convolution: Convolution3x3): readonly VariantSettings[];
  multiply(caps: Capabilities, settings: VariantSettings): Multiply;
  suits(problem: Problem<P>, caps: Capabilities, convolution: Convolution3x3, gain: number): boolean;
}

function winogradVariant<P extends EpilogueParams>(parts: WinogradParts<P>): Variant<P> {
  const tiles = (problem: Problem<P>, caps: Capabilities): readonly number[] =>
    tilesFor(caps, parts.convolutionOf(problem), isConstant(problem));
  const settings = (problem: Problem<P>, caps: Capabilities): readonly VariantSettings[] => {
    const convolution = parts.convolutionOf(problem)!;
    const of = (tile: number) =>
      parts.settings(caps, cutInto(tile, convolution, caps), convolution).map((products) => ({ tile, ...products }));
    const [best, ...others] = tiles(problem, caps);
    return [...of(best!), ...others.flatMap((tile) => of(tile).slice(0, 1))];
  };
  return {
    name: parts.name,
    fits: (problem, caps) => tiles(problem, caps).length > 0 && settings(problem, caps).length > 0,
    suits(problem, caps) {
      const convolution = parts.convolutionOf(problem)!;
      const cost = costOf(tiles(problem, caps)[0]!, convolution, isConstant(problem), caps);
      return parts.suits(problem, caps, convolution, costOfSum(convolution) / cost);
    },
    settings,
    lower(problem, caps, chosen = settings(problem, caps)[0]!) {
      const { tile, ...products } = chosen as { readonly tile: number } & VariantSettings;
      return lowerWinograd(problem, caps, parts.convolutionOf(problem)!, tile, parts.multiply(caps, products));
    },
  };
}

type ConvolutionOf<P> = (problem: Problem<P>) => Convolution3x3 | undefined;

/** With products by workgroup tiles, for real GPUs. */
export const winograd = <P extends EpilogueParams>(convolutionOf: ConvolutionOf<P>): Variant<P> =>
  winogradVariant({
    name: "winograd",
    convolutionOf,
    settings: (caps, { places, channels, chunk }, { oc }) =>
      settingsOfProducts(workgroupTiles, { rows: chunk, columns: oc, steps: channels, products: places }, caps),
    multiply: (caps, cut) => (product, parts, bind) => {
      const text = workgroupTiles.text(cut, caps, "f32");
      const perPart = product.k / parts;
      return dispatchTiled(
        tiledProduct(product),
        text,
        cut as unknown as TileShape,
        caps,
        { parts, perPart },
        bind,
      )[0]!;
    },
    suits: (problem, caps, { c, oc }, gain) =>
      !caps.software && isConstant(problem) && Math.min(c, oc) >= 64 && gain >= 1.5,
  });

/** With products by register tiles. */
export const winogradSubgroup = <P extends EpilogueParams>(convolutionOf: ConvolutionOf<P>): Variant<P> =>
  winogradVariant({
    name: "winograd-subgroup",
    convolutionOf: (problem) => convolutionOf(problem),
    settings(caps, { chunk }, { oc }) {
      const all = hasTile(caps) ? tileSettings(caps, oc) : [];
      const low = chunk <= ROWS ? all.filter(({ rows }) => rows === ROWS) : [];
      return [...low, ...all.filter((settings) => !low.includes(settings))];
    },
    multiply: (caps, tile) => (product, parts, bind) =>
      dispatchProduct(caps, tileFor(caps, product.n, tile), product, bind, { parts, perPart: product.k / parts }),
    suits: (_, caps, __, gain) => caps.software && gain >= 1.25,
  });
