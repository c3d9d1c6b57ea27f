import type { Colour } from "../colour.js";
import type { Facet, Head } from "../head.js";
import type { LeafShape } from "../leaf.js";
import type { Random } from "../random.js";

/** How far a head has come. */
export type Stage = "bud" | "half" | "open" | "wilting" | "seed";

/** One sort of a kind, as all plants of it in a picture look. */
export interface Flower {
  /** Pieces of one head of it. */
  head(head: Head, stage: Stage, random: Random): Facet[];
  /** Stages this sort shows, by weight. */
  readonly stages: readonly (readonly [weight: number, stage: Stage])[];
  /** `top` is the height on the head's axis where the stem ends. */
  readonly stem: { readonly colour: Colour; readonly width: number; readonly top: number };
  readonly leaf: LeafShape;
  /** Where leaves sit: along the stem, at the ground, or nowhere. */
  readonly leaves: "stem" | "ground" | "none";
  /** Widest usual tilt of a head from the viewer, degrees; cups are seen from the side, discs from the front. */
  readonly tilt: readonly [least: number, most: number];
}
