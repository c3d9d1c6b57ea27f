import type { TlxError } from "@tlx/kernels";

/** A decoded picture: RGBA, 8 bits each, row-major. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A picture that decoded, or why it did not, with the item it was decoded for. */
export type Decoded<T> =
  | { readonly item: T; readonly picture: Picture }
  | { readonly item: T; readonly error: TlxError };
