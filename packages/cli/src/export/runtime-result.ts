/** What an independent reader made of an export. */
export interface RuntimeResult {
  /** Name and version. */
  readonly runtime: string;
  /** [batch, classes] each; left out by one that only reads the numbers of the file. */
  readonly outputs?: { readonly logits: Float32Array; readonly probabilities: Float32Array };
}
