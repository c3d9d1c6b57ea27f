/** What is known of a network's weights before they are here: where from, how long, under which licence. */
export interface WeightsCard {
  /** Name of the file in the cache folder. A server has no say in it. */
  readonly file: string;
  /** https address to download it from. Without one the user brings the file. Its ending is that of the file in the cache. */
  readonly url?: string;
  readonly bytes?: number;
  /** Hexadecimal, of what lies at the address. Without it and its prefix only `pullWeights` downloads. */
  readonly sha256?: string;
  /** The first hexadecimal digits of the checksum, where no more of it is published. */
  readonly sha256Prefix?: string;
  /** Nothing has been downloaded from the address yet where tlx is made: it is as published. */
  readonly untried?: true;
  /** The file comes with the package, in its folder "weights". */
  readonly shipped?: boolean;
  readonly licence: string;
  /** Who made the weights, for people. */
  readonly source: string;
}

export type WeightsOrigin = "file" | "shipped" | "cache" | "download";

export interface ResolvedWeights {
  readonly path: string;
  readonly origin: WeightsOrigin;
}

/** Bytes so far, and of how many where that is known. */
export type DownloadProgress = (received: number, total: number | undefined) => void;

/** "14.0 MB" */
export const formatMegabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
