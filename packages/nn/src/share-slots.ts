/**
 * Which values share a buffer: ranges of slots for lives.
 *
 * Method   from the largest life to the smallest, each takes the first range that is free all its life in the smallest slot that
 *          has one, or a new slot of its size. So what is large makes the slots, and many small ones lie side by side in it
 *          while it is not there. A second plan lets a slot grow where that costs less than a new one; the smaller plan of
 *          the two is taken. WebGPU judges read / write conflicts per buffer, so two lives that a node touches are never in
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

/** The first offset from which `life` could lie among these tenants, maybe beyond the end of their slot; undefined where it must not. */
function findOffset(tenants: readonly Tenant[], life: Life): number | undefined {
  const present = tenants.filter(({ life: other }) => other.from <= life.to && life.from <= other.to);
  if (present.some((tenant) => collide(tenant.life, life))) return undefined;
  let offset = 0;
  for (const tenant of present.sort((a, b) => a.offset - b.offset)) {
    if (offset + life.bytes <= tenant.offset) break;
    offset = Math.max(offset, align(tenant.offset + tenant.life.bytes));
  }
  return offset;
}

interface Shared {
  /** Bytes of each slot. */
  readonly slots: readonly number[];
  readonly placeOf: ReadonlyMap<Life, Place>;
}

const total = ({ slots }: Shared): number => slots.reduce((sum, bytes) => sum + bytes, 0);

/** A slot for every life; an existing one may become larger than the first of its lives, up to `largest` bytes. */
function share(lives: readonly Life[], largest: number): Shared {
  const slots: { bytes: number; readonly tenants: Tenant[] }[] = [];
  const placeOf = new Map<Life, Place>();
  for (const life of lives) {
    let best = { slot: slots.length, offset: 0, growth: life.bytes };
    for (let slot = slots.length; slot-- > 0; ) {
      const { bytes, tenants } = slots[slot]!;
      const offset = findOffset(tenants, life);
      if (offset === undefined) continue;
      const growth = Math.max(0, offset + life.bytes - bytes);
      if (growth < best.growth && (growth === 0 || bytes + growth <= largest)) best = { slot, offset, growth };
    }
    if (best.slot === slots.length) slots.push({ bytes: 0, tenants: [] });
    const { slot, offset, growth } = best;
    slots[slot]!.bytes += growth;
    slots[slot]!.tenants.push({ life, offset });
    placeOf.set(life, { slot, offset });
  }
  return { slots: slots.map((s) => s.bytes), placeOf };
}

/** A place for every life; no slot grows beyond `largest` bytes. */
export function shareSlots(lives: readonly Life[], largest: number): Shared {
  const sorted = [...lives].sort((a, b) => b.bytes - a.bytes || a.from - b.from);
  const [fixed, growing] = [share(sorted, 0), share(sorted, largest)];
  return total(growing) < total(fixed) ? growing : fixed;
}
