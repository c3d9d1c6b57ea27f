import envPaths from "env-paths";

/** Where tlx keeps what it can get again: TLX_CACHE, or else the cache folder of the platform. */
export const cacheFolder = (): string => process.env.TLX_CACHE || envPaths("tlx", { suffix: "" }).cache;
