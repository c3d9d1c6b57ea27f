/**
 * Pairs of pictures that are copies of one another: those whose hashes are near are compared closely.
 *
 *   same   equal files
 *   near   grey of at least 0.85, detail of at least 0.76, colour of at most 0.4 (likeness.ts); without detail: grey of 0.98
 *
 * Pictures of one kind, such as X-rays, have hashes near each other by the thousands; the largest distance that is compared
 * closely, of at most 16 bits, is lowered until there are at most 10 such pairs per picture (or 2000).
 *
 * Shapes   the pairs of n pictures take n^2 / 2 comparisons of hashes: 20,000 pictures take some seconds
 */
import { differingBits } from "./differing-bits.js";
import { type Fingerprint, INSETS } from "./fingerprint.js";
import { type Likeness, likenessOf } from "./likeness.js";

const MOST_BITS = 16;
const FEWEST_COMPARED = 2000;
const COMPARED_EACH = 10;

const LEAST_GREY = 0.85;
const LEAST_DETAIL = 0.76;
const LEAST_GREY_ALONE = 0.98;
const MOST_COLOUR = 0.4;

/** A picture by its content. */
export interface KnownPicture {
  /** Of the file's bytes. */
  readonly sha: string;
  /** Undefined for one that was not decoded: only equal files are found of it. */
  readonly fingerprint: Fingerprint | undefined;
}

export interface Copy {
  /** Places of the two pictures, a < b. */
  readonly a: number;
  readonly b: number;
  readonly kind: "same" | "near";
  readonly mirrored: boolean;
  readonly distance: number;
  readonly likeness: number;
}

/** Called with the share of the work that is done, from 0 to 1; it may wait. */
export type ShareDone = (share: number) => void | Promise<void>;

export async function findCopies(pictures: readonly KnownPicture[], tell: ShareDone = () => {}): Promise<Copy[]> {
  const copies = findEqual(pictures);
  // Of equal files the first stands for all.
  const firsts = new Map(pictures.map(({ sha }, i) => [sha, i] as const).reverse());
  const distinct = [...firsts.values()].filter((i) => pictures[i]!.fingerprint).sort((a, b) => a - b);
  const known = distinct.map((i) => pictures[i]!.fingerprint!);
  const candidates = await findCandidates(known, (share) => tell(share / 2));
  for (const [n, { a, b, mirrored, distance }] of candidates.entries()) {
    if (n % 500 === 0) await tell(0.5 + n / candidates.length / 2);
    const likeness = likenessOf(known[a]!, known[b]!, mirrored);
    if (!likeness || !isCopy(likeness)) continue;
    const value = likeness.detail ?? likeness.grey;
    copies.push({ a: distinct[a]!, b: distinct[b]!, kind: "near", mirrored, distance, likeness: value });
  }
  await tell(1);
  return copies;
}

const isCopy = ({ grey, detail, colour }: Likeness): boolean =>
  colour <= MOST_COLOUR &&
  (detail === undefined ? grey >= LEAST_GREY_ALONE : grey >= LEAST_GREY && detail >= LEAST_DETAIL);

/** Each file with the first that is equal to it. */
function findEqual(pictures: readonly KnownPicture[]): Copy[] {
  const firsts = new Map<string, number>();
  return pictures.flatMap(({ sha }, b): Copy[] => {
    const a = firsts.get(sha);
    if (a === undefined) firsts.set(sha, b);
    return a === undefined ? [] : [{ a, b, kind: "same", mirrored: false, distance: 0, likeness: 1 }];
  });
}

type Candidate = Pick<Copy, "a" | "b" | "mirrored" | "distance">;

/** Pairs whose hashes are near, the nearest first. */
async function findCandidates(known: readonly Fingerprint[], tell: ShareDone): Promise<Candidate[]> {
  const width = 2 * INSETS.length;
  const [plain, mirrored] = [new Uint32Array(width * known.length), new Uint32Array(width * known.length)];
  for (const [i, print] of known.entries()) {
    plain.set(print.hashes, width * i);
    mirrored.set(print.mirrored, width * i);
  }
  const most = Math.max(FEWEST_COMPARED, COMPARED_EACH * known.length);
  const byDistance: Candidate[][] = Array.from({ length: MOST_BITS + 1 }, () => []);
  let limit = MOST_BITS;
  let count = 0;
  for (let b = 0; b < known.length; b++) {
    if (b % 500 === 0) await tell((b / known.length) ** 2);
    for (let a = 0; a < b; a++) {
      const straight = differingBits(plain, a, plain, b);
      const exchanged = differingBits(plain, a, mirrored, b);
      const distance = Math.min(straight, exchanged);
      // Of equal hashes, such as those of blank pictures, the first pairs are compared.
      if (distance > limit || (limit === 0 && count >= most)) continue;
      byDistance[distance]!.push({ a, b, distance, mirrored: exchanged < straight });
      count++;
      for (; count > most && limit > 0; limit--) count -= byDistance[limit]!.splice(0).length;
    }
  }
  return byDistance.flat();
}
