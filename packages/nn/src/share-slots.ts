/**
 * Which values share a buffer: ranges of slots for lives.
 *
 * Method   from the largest life to the smallest, each takes the first range that is free all its life in the smallest slot that
 *          has one, or a new slot of its size. So what is large makes the slots, and many small ones lie side by side in it
 *          while it is not there. WebGPU judges read / write conflicts per buffer, so two lives that a node touches are never in
 *          one slot when it writes one of them.
 * Source   Pisarchyk and Lee 2020, Efficient Memory Management for Deep Neural Net Inference, section 4.3
 */

/** Something that needs memory from node `from` to node `to`, both included. */
export interface Life {
  readonly bytes: number;
  from: number;
  to: number;
  /** The nodes that touch it; true where it is written. */
  readonly uses: Map<number, boolean>;
}

/** A range of a slot that begins at byte `offset`. */
export interface Place {
  readonly slot: number;
  readonly offset: number;
}

interface Tenant {
  readonly life: Life;
  readonly offset: number;
}

const ALIGNMENT = 256; // where a binding may begin on every device

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function collide(a: Life, b: Life): boolean {
  for (const [node, writes] of a.uses) {
    const other = b.uses.get(node);
    if (other !== undefined && (writes || other)) return true;
  }
  return false;
}

/** Where `life` fits into a slot of `bytes` with these tenants; undefined where it does not. */
function findRange(bytes: number, tenants: readonly Tenant[], life: Life): number | undefined {
  const present = tenants.filter(({ life: other }) => other.from <= life.to && life.from <= other.to);
  if (present.some((tenant) => collide(tenant.life, life))) return undefined;
  let offset = 0;
  for (const tenant of present.sort((a, b) => a.offset - b.offset)) {
    if (offset + life.bytes <= tenant.offset) break;
    offset = Math.max(offset, align(tenant.offset + tenant.life.bytes));
  }
  return offset + life.bytes <= bytes ? offset : undefined;
}

/** The bytes of each slot, and a place for every life. */
export function shareSlots(lives: readonly Life[]): {
  readonly slots: readonly number[];
  readonly placeOf: ReadonlyMap<Life, Place>;
} {
  const slots: { readonly bytes: number; readonly tenants: Tenant[] }[] = [];
  const placeOf = new Map<Life, Place>();
  for (const life of [...lives].sort((a, b) => b.bytes - a.bytes || a.from - b.from)) {
    let slot = slots.length;
    let offset: number | undefined;
    while (offset === undefined && slot > 0) offset = findRange(slots[--slot]!.bytes, slots[slot]!.tenants, life);
    if (offset === undefined) slot = slots.push({ bytes: life.bytes, tenants: [] }) - 1;
    slots[slot]!.tenants.push({ life, offset: offset ?? 0 });
    placeOf.set(life, { slot, offset: offset ?? 0 });
  }
  return { slots: slots.map((s) => s.bytes), placeOf };
}
