/** A decoded picture: RGBA, 8 bits each, row-major. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
