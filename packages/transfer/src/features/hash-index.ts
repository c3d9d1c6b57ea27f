/** Where the row of a picture lies. */
export interface RowPlace {
  readonly segment: number;
  /** Record within the segment. */
  readonly index: number;
}

const HASH_BYTES = 32;

/** SHA-256 to place: open addressing over plain arrays, about 60 bytes a picture where a Map of strings takes 200. */
export class HashIndex {
  private keys = new Uint8Array(HASH_BYTES * 64);
  /** Segment and index of each entry. */
  private places = new Uint32Array(2 * 64);
  /** Entry + 1, or 0 where free; at least twice as many slots as entries. */
  private slots = new Uint32Array(128);
  private count = 0;

  /** Bytes of its arrays. */
  get byteLength(): number {
    return this.keys.byteLength + this.places.byteLength + this.slots.byteLength;
  }

  find(hash: Uint8Array): RowPlace | undefined {
    const entry = this.slots[this.slotOf(hash)]! - 1;
    return entry < 0 ? undefined : { segment: this.places[2 * entry]!, index: this.places[2 * entry + 1]! };
  }

  /** Of two places of one hash the first one stays. */
  add(hash: Uint8Array, { segment, index }: RowPlace): void {
    if (this.slots[this.slotOf(hash)] !== 0) return;
    if (2 * (this.count + 1) > this.slots.length) this.grow();
    this.keys.set(hash, HASH_BYTES * this.count);
    this.places.set([segment, index], 2 * this.count);
    this.slots[this.slotOf(hash)] = ++this.count;
  }

  /** The slot that holds `hash`, or the free one where it belongs. */
  private slotOf(hash: Uint8Array): number {
    const mask = this.slots.length - 1;
    // A SHA-256 is evenly spread, so any four bytes of it do.
    let slot = (hash[0]! | (hash[1]! << 8) | (hash[2]! << 16) | (hash[3]! << 24)) & mask;
    while (this.slots[slot] !== 0 && !this.holds(this.slots[slot]! - 1, hash)) slot = (slot + 1) & mask;
    return slot;
  }

  private holds(entry: number, hash: Uint8Array): boolean {
    const at = HASH_BYTES * entry;
    for (let i = 0; i < HASH_BYTES; i++) if (this.keys[at + i] !== hash[i]) return false;
    return true;
  }

  private grow(): void {
    const { keys, places, slots } = this;
    this.keys = new Uint8Array(2 * keys.length);
    this.keys.set(keys);
    this.places = new Uint32Array(2 * places.length);
    this.places.set(places);
    this.slots = new Uint32Array(2 * slots.length);
    for (let entry = 0; entry < this.count; entry++) {
      const hash = keys.subarray(HASH_BYTES * entry, HASH_BYTES * (entry + 1));
      this.slots[this.slotOf(hash)] = entry + 1;
    }
  }
}
