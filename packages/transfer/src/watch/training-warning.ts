/** What a training is warned of: never more than once each. */
export type WarningKind =
  | "overfitting"
  | "underfitting"
  | "learning-rate"
  | "plan"
  | "imbalance"
  | "small-validation"
  | "leakage"
  | "contradicting-labels";

export interface TrainingWarning {
  readonly kind: WarningKind;
  /** The epoch after which it was noticed; undefined for what has nothing to do with epochs. */
  readonly epoch?: number;
  /** What was found, with its figures. */
  readonly message: string;
  /** What to try. */
  readonly advice: string;
}

/** 0.873 as "87.3 %". */
export const asPercent = (share: number): string => `${(100 * share).toFixed(1)} %`;
