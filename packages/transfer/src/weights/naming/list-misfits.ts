import { showName } from "../safetensors-header.js";
import type { Recognition } from "./recognise.js";

const listed = 5;

function listSome(what: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  const more = items.length > listed ? `, and ${items.length - listed} more` : "";
  return `\n  ${items.length} ${what}: ${items.slice(0, listed).join(", ")}${more}`;
}

/** What keeps weights from being all of the network, a line each for the end of a message; empty where nothing does. */
export const listMisfits = ({ missing, misfits, extra }: Pick<Recognition, "missing" | "misfits" | "extra">): string =>
  [
    listSome("missing", missing),
    listSome("of another shape or dtype", misfits),
    listSome("that it has no layer for", extra.map(showName)),
  ].join("");
