import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { backportsSource, parseDeb822, parseList } from "../scripts/setup/apt-sources.mjs";
import { firstNotInstalled } from "../scripts/setup/lock.mjs";
import { parseRelease, planChromium, planDriver } from "../scripts/setup/system-packages.mjs";

const deb822 = `# written by hand
Types: deb deb-src
# the old place: URIs: http://old.example/debian
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
 contrib
Signed-By: /usr/share/keyrings/debian.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;
const list = `# deb http://commented.example/debian bookworm main
deb cdrom:[Debian 12]/ bookworm main
deb-src http://source.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://list.example/debian bookworm main contrib # the main one
`;
const release = (text: string) => parseRelease(text);
const debian12 = release(
  'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
);
const debian13 = release('ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n');
const ubuntu = release('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n');
const fedora = release("ID=fedora\nVERSION_ID=43\n");
const machine = { platform: "linux", release: debian12, root: true, sources: parseDeb822(deb822) };

describe("apt sources", () => {
  it("reads deb822 paragraphs, without disabled ones and comments", () => {
    expect(parseDeb822(deb822)).toEqual([
      {
        types: ["deb", "deb-src"],
        uris: ["http://mirror.example/debian"],
        suites: ["bookworm", "bookworm-updates"],
        components: ["main", "contrib"],
        signedBy: "/usr/share/keyrings/debian.gpg",
        trusted: undefined,
      },
    ]);
  });

  it("reads the one-line format, without discs and comments", () => {
    expect(parseList(list)).toEqual([
      expect.objectContaining({ types: ["deb-src"], uris: ["http://source.example/debian"], signedBy: undefined }),
      expect.objectContaining({
        uris: ["http://list.example/debian"],
        signedBy: "/k.gpg",
        components: ["main", "contrib"],
      }),
    ]);
  });

  it("names the backports suite at the same mirror, in either format", () => {
    expect(backportsSource(parseDeb822(deb822), "bookworm")).toBe(
      "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm-backports\nComponents: main\nSigned-By: /usr/share/keyrings/debian.gpg\n",
    );
    expect(backportsSource(parseList(list), "bookworm")).toContain("URIs: http://list.example/debian\n");
  });

  it("keeps a key that is written into the source", () => {
    const key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBGPL\n -----END PGP PUBLIC KEY BLOCK-----";
    const text = `Types: deb\nURIs: http://m.example\nSuites: bookworm\nComponents: main\nSigned-By:\n ${key}\n`;
    const again = backportsSource(parseDeb822(text), "bookworm")!;
    expect(parseDeb822(again)[0]!.signedBy).toBe(key);
  });

  it("adds nothing where backports are there already, and knows no mirror where none is named", () => {
    expect(backportsSource(parseList("deb http://m.example bookworm-backports main"), "bookworm")).toBe("");
    expect(backportsSource(parseList("deb http://m.example trixie main"), "bookworm")).toBeUndefined();
  });
});

describe("planDriver", () => {
  it("takes Mesa from backports on Debian 12", () => {
    expect(planDriver(machine)).toEqual({
      install: ["mesa-vulkan-drivers", "libvulkan1"],
      suite: "bookworm-backports",
      extraSource: expect.stringContaining("URIs: http://mirror.example/debian"),
    });
    const sources = [...machine.sources, ...parseList("deb http://m.example bookworm-backports main")];
    expect(planDriver({ ...machine, sources })).toEqual({
      install: ["mesa-vulkan-drivers", "libvulkan1"],
      suite: "bookworm-backports",
    });
  });

  it.each([debian13, ubuntu])("takes the release's own Mesa on $ID $VERSION_ID", (release) => {
    expect(planDriver({ ...machine, release })).toEqual({ install: ["mesa-vulkan-drivers", "libvulkan1"] });
  });

  it("tells the exact commands where it may not install", () => {
    expect(planDriver({ ...machine, root: false, release: ubuntu })).toEqual({
      tell: "run: sudo apt-get update && sudo apt-get install -y mesa-vulkan-drivers libvulkan1",
    });
    const { tell } = planDriver({ ...machine, root: false }) as { tell: string };
    expect(tell).toContain("URIs: http://mirror.example/debian\nSuites: bookworm-backports\n");
    expect(tell).toContain("sudo apt-get install -y -t bookworm-backports mesa-vulkan-drivers libvulkan1");
  });

  it("asks for a mirror on a Debian 12 whose sources name none", () => {
    expect(planDriver({ ...machine, sources: [] })).toEqual({ tell: expect.stringContaining("<your Debian mirror>") });
  });

  it("touches no other system", () => {
    expect(planDriver({ ...machine, release: fedora })).toEqual({ tell: expect.stringContaining("lavapipe") });
    expect(planDriver({ ...machine, platform: "darwin" })).toHaveProperty("tell");
  });
});

describe("planChromium", () => {
  it("installs Debian's, and says what to do elsewhere", () => {
    expect(planChromium(machine)).toEqual({ install: ["chromium"] });
    expect(planChromium({ ...machine, root: false })).toEqual({ tell: expect.stringContaining("install -y chromium") });
    // Ubuntu's package of that name only points to the snap store.
    expect(planChromium({ ...machine, release: ubuntu })).toEqual({ tell: expect.stringContaining("Chrome") });
  });
});

describe("firstNotInstalled", () => {
  const locked = {
    "": {},
    "packages/cli": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/b-win32": { version: "1.0.0", integrity: "sha512-b", optional: true },
  };
  const a = { version: "1.0.0", integrity: "sha512-a" };

  it.each([
    ["nothing is installed", {}, "node_modules/a"],
    ["all that this platform needs is installed", { "node_modules/a": a }, undefined],
    ["another version is installed", { "node_modules/a": { ...a, version: "1.0.1" } }, "node_modules/a"],
    ["other content is installed", { "node_modules/a": { ...a, integrity: "sha512-x" } }, "node_modules/a"],
    [
      "an optional one is outdated",
      { "node_modules/a": a, "node_modules/b-win32": { version: "0.9.0" } },
      "node_modules/b-win32",
    ],
  ])("%s", (_, installed, expected) => {
    expect(firstNotInstalled(locked, installed, () => true)).toBe(expected);
  });

  it("a folder was deleted since", () => {
    expect(firstNotInstalled(locked, { "node_modules/a": a }, () => false)).toBe("node_modules/a");
  });
});

describe("package-lock.json", () => {
  interface Locked {
    readonly link?: boolean;
    readonly resolved?: string;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }
  const file = new URL("../package-lock.json", import.meta.url);
  const packages = Object.entries(JSON.parse(readFileSync(file, "utf8")).packages as Record<string, Locked>);

  it("holds the optional packages of every platform", () => {
    const paths = new Set(packages.map(([path]) => path));
    const missing = packages.flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !paths.has(`node_modules/${name}`) && !paths.has(`${path}/node_modules/${name}`),
      ),
    );
    expect(missing).toEqual([]);
  });

  it("names no registry, so that every machine uses its own", () => {
    expect(packages.filter(([, { link, resolved }]) => resolved && !link)).toEqual([]);
  });
});
