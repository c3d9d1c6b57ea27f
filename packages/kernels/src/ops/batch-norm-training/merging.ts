/**
 * Who adds the parts of a channel: a workgroup, or, where parts are few or barriers are dear, one invocation. Both in fixed
 * order, so equal inputs give equal bits.
 *
 * Names    WGSL around this has `channel_of` and `lane_of` an invocation, `STEP` lanes that share a channel, and
 *          `total` for the sum over them, which all must ask for and lane 0 may use.
 */
import type { Capabilities } from "../../gpu/capabilities.js";
import type { VariantSettings } from "../../op.js";
import { flatGroup, flatIndex, workgroupReduce } from "../../wgsl/functions.js";
import { wgsl } from "../../wgsl/source.js";

/** Lanes of a workgroup. Fewer have fewer barriers to wait at; where channels are many, parts are few. */
export const LANES = 32;
const FEW_PARTS = 8;

const manyLanes = wgsl`
const STEP = WG_X;
fn channel_of(group: vec3u, groups: vec3u, local: u32) -> u32 { return flat_group(group, groups); }
fn lane_of(local: u32) -> u32 { return local; }
fn total(v: f32, lane: u32) -> f32 { return workgroup_sum(v, lane); }
`;
const oneLane = wgsl`
const STEP = 1u;
fn channel_of(group: vec3u, groups: vec3u, local: u32) -> u32 { return flat_index(group, groups, local); }
fn lane_of(local: u32) -> u32 { return 0u; }
fn total(v: f32, lane: u32) -> f32 { return v; }
`;

export interface Merging {
  readonly workgroup: readonly [number, number, number];
  readonly functions: readonly string[];
}

export const byWorkgroup: Merging = { workgroup: [LANES, 1, 1], functions: [flatGroup, workgroupReduce, manyLanes] };
export const byInvocation: Merging = { workgroup: [64, 1, 1], functions: [flatIndex, oneLane] };

/** The lanes that may add the `parts` of a channel, the likely best first. */
export const lanesFor = (caps: Capabilities, parts: number): readonly VariantSettings[] =>
  (caps.software || parts <= FEW_PARTS ? [1, LANES] : [LANES, 1]).map((lanes) => ({ lanes }));

/** The grid for `channels`. */
export const gridFor = (
  alone: boolean,
  channels: number,
): { readonly threads: number } | { readonly groups: number } => (alone ? { threads: channels } : { groups: channels });
