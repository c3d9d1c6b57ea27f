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

/** As `Decoded`, with the SHA-256 of the file's bytes in hexadecimal. */
export type Hashed<T> =
  | { readonly item: T; readonly hash: string; readonly picture: Picture }
  | { readonly item: T; readonly error: TlxError };

/** As `Hashed`, or without a picture because what it is needed for is known already. */
export type HashedOrCached<T> = Hashed<T> | { readonly item: T; readonly hash: string; readonly cached: true };
