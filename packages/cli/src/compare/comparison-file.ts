/** What `tlx compare` leaves for programs: compare.json; docs/compare.md tells of every entry. */
import type { ComparedRow, ComparedRun, ComparisonFigures, Conclusion, Dataset } from "@tlx/transfer";

export interface ComparisonFile extends Omit<ComparisonFigures, "rows"> {
  readonly format: "tlx-compare";
  readonly version: 1;
  readonly madeBy: Readonly<Record<"tlx" | "node" | "adapter", string>>;
  readonly data: {
    readonly folder: string;
    /** Is val a folder of its own, or drawn from the pictures by every seed? */
    readonly origin: Dataset["origin"];
    /** As of the first seed. */
    readonly classes: readonly { readonly name: string; readonly train: number; readonly val: number }[];
  };
  readonly budget: { readonly seeds: readonly number[]; readonly epochs: number; readonly trainPictures: number };
  readonly rows: readonly (ComparedRow & { readonly command: string })[];
  readonly conclusion: Conclusion;
  readonly runs: readonly ComparedRun[];
}
