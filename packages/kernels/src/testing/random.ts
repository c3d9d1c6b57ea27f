/** A small seeded generator (mulberry32): equal numbers everywhere, for tests and benches. Values in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** FNV-1a, to derive a seed from a name. */
export function hashText(text: string): number {
  let h = 2166136261;
  for (const c of new Uint8Array([...text].map((ch) => ch.codePointAt(0)! & 255))) h = Math.imul(h ^ c, 16777619) >>> 0;
  return h;
}
