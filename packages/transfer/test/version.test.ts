import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { version } from "@tlx/transfer";
import { expect, it } from "vitest";

it("is that of every package", () => {
  const packages = path.join(import.meta.dirname, "../..");
  const versions = readdirSync(packages).map(
    (name) => JSON.parse(readFileSync(path.join(packages, name, "package.json"), "utf8")).version,
  );
  expect(new Set(versions)).toEqual(new Set([version]));
});
