/** What kernels share that compute the gradient of an input phase by phase, a launch each. */
import { wgsl } from "../../wgsl/source.js";
import type { ConvGeometry, Phase } from "../conv2d/geometry.js";

const MAX_PHASES = 16;

/** Can a convolution be taken apart into launches: without groups and with few phases. */
export const hasFewPhases = ({ groups, sy, sx }: ConvGeometry): boolean => groups === 1 && sy * sx <= MAX_PHASES;

/** Arguments of a launch. */
export const phaseArgs = (down: Phase, across: Phase): Readonly<Record<string, number>> => ({
  ...{ startY: down.start, down: down.count, outY: down.out, tapY: down.tap },
  ...{ stepY: down.tapStep, backY: down.outStep },
  ...{ startX: across.start, across: across.count, outX: across.out, tapX: across.tap },
  ...{ stepX: across.tapStep, backX: across.outStep },
});

/** The pixel of the picture that pixel `row` of a phase is. */
export const pixelOf: string = wgsl`
fn pixel_of(row: u32) -> u32 {
  let line = row / args.across;
  return ((line / args.down) * args.h + line % args.down * args.sy + args.startY) * args.w + row % args.across * args.sx + args.startX;
}
`;
