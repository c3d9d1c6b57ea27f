/**
 * Where a Debian machine gets its packages from, in the two formats that apt reads.
 * @typedef {object} AptSource
 * @property {string[]} types
 * @property {string[]} uris
 * @property {string[]} suites
 * @property {string[]} components
 * @property {string | undefined} signedBy path of a key ring, or a whole key
 * @property {string | undefined} trusted
 */

/**
 * One-line format: `deb [signed-by=/key.gpg] URI SUITE COMPONENT...`
 * @param {string} text
 * @returns {AptSource[]}
 */
export function parseList(text) {
  return text.split("\n").flatMap((line) => {
    const found = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!found || found[3].startsWith("cdrom:")) return [];
    const [, type, options = "", uri, suite, components] = found;
    /** @param {string} name */
    const option = (name) => new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(options)?.[1];
    return {
      types: [type],
      uris: [uri],
      suites: [suite],
      components: words(components),
      signedBy: option("signed-by"),
      trusted: option("trusted"),
    };
  });
}

/**
 * deb822 format: paragraphs of `Field: value`, values continued by indented lines.
 * @param {string} text
 * @returns {AptSource[]}
 */
export function parseDeb822(text) {
  const paragraphs = text.replace(/^#.*\n?/gm, "").split(/\n\s*\n/);
  return paragraphs.flatMap((paragraph) => {
    /** @type {Map<string, string>} */
    const fields = new Map();
    for (const [, name, value] of paragraph.matchAll(/^([\w-]+):(.*(?:\n[ \t].*)*)/gm))
      fields.set(name.toLowerCase(), value.trim());
    if (!fields.has("uris") || /^(no|false|0)$/i.test(fields.get("enabled") ?? "")) return [];
    return {
      types: words(fields.get("types")),
      uris: words(fields.get("uris")),
      suites: words(fields.get("suites")),
      components: words(fields.get("components")),
      signedBy: fields.get("signed-by"),
      trusted: fields.get("trusted"),
    };
  });
}

/**
 * The backports suite of `codename` at the mirror that the machine's own sources name, as a deb822 paragraph; "" when the
 * sources have it already, undefined when they name no mirror of that release.
 * @param {readonly AptSource[]} sources
 * @param {string} codename
 * @returns {string | undefined}
 */
export function backportsSource(sources, codename) {
  const suite = `${codename}-backports`;
  const binary = sources.filter((s) => s.types.includes("deb"));
  if (binary.some((s) => s.suites.includes(suite))) return "";
  const main = binary.find((s) => s.suites.includes(codename) && s.components.includes("main"));
  if (!main) return undefined;
  const lines = ["Types: deb", `URIs: ${main.uris[0]}`, `Suites: ${suite}`, "Components: main"];
  if (main.signedBy) lines.push(`Signed-By: ${main.signedBy.startsWith("/") ? "" : "\n "}${main.signedBy}`);
  if (main.trusted) lines.push(`Trusted: ${main.trusted}`);
  return `${lines.join("\n")}\n`;
}

/** @param {string | undefined} text */
const words = (text) => (text ?? "").split(/\s+/).filter(Boolean);
