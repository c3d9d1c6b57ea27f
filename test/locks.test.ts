/** The lock files, of the workspaces and of the bench's other runtimes, must install anywhere. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "..");

interface Locked {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe.each(["package-lock.json", "bench/peers/package-lock.json"])("%s", (file) => {
  const { packages } = JSON.parse(readFileSync(path.join(root, file), "utf8")) as { packages: Record<string, Locked> };

  it("names no registry", () => {
    expect(Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && !link)).toEqual([]);
  });

  it("holds the binaries of every platform", () => {
    const wanted = Object.entries(packages).flatMap(([at, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).map((name) => [`${at}/node_modules/${name}`, `node_modules/${name}`]),
    );
    expect(wanted.length).toBeGreaterThan(20);
    expect(wanted.filter((places) => !places.some((place) => place in packages))).toEqual([]);
  });
});
