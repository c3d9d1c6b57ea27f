/**
 * Who works on an item, the row of a softmax or a channel whose parts are added: one invocation, or the lanes of a workgroup.
 * Both in fixed order, so equal inputs give equal bits.
 *
 * Names    WGSL around this has `item_of` and `lane_of` an invocation, `STEP` lanes that share an item, and `total` and
 *          `largest` over them, which all must ask for.
 */
import { flatGroup, flatIndex, workgroupReduce } from "../wgsl/functions.js";
import { wgsl } from "../wgsl/source.js";

const manyLanes = wgsl`
const STEP = WG_X;
fn item_of(group: vec3u, groups: vec3u, local: u32) -> u32 { return flat_group(group, groups); }
fn lane_of(local: u32) -> u32 { return local; }
fn total(v: f32, lane: u32) -> f32 { return workgroup_sum(v, lane); }
fn largest(v: f32, lane: u32) -> f32 { return workgroup_max(v, lane); }
`;
const oneLane = wgsl`
const STEP = 1u;
fn item_of(group: vec3u, groups: vec3u, local: u32) -> u32 { return flat_index(group, groups, local); }
fn lane_of(local: u32) -> u32 { return 0u; }
fn total(v: f32, lane: u32) -> f32 { return v; }
fn largest(v: f32, lane: u32) -> f32 { return v; }
`;

/** How a kernel is defined whose items are shared. */
export interface Sharing {
  readonly workgroup: readonly [number, number, number];
  readonly functions: readonly string[];
}

/** By one lane, or by a power of two of them. */
export const sharedBy = (lanes: number): Sharing =>
  lanes === 1
    ? { workgroup: [64, 1, 1], functions: [flatIndex, oneLane] }
    : { workgroup: [lanes, 1, 1], functions: [flatGroup, workgroupReduce, manyLanes] };

/** The grid for `items`. */
export const gridOfItems = (
  lanes: number,
  items: number,
): { readonly threads: number } | { readonly groups: number } => (lanes === 1 ? { threads: items } : { groups: items });
