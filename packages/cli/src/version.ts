import { createRequire } from "node:module";

/** Version of tlx, as in its package.json. */
export const version: string = createRequire(import.meta.url)("../package.json").version;
