import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { html, markupOf } from "../src/html/html.js";
import { fileName, name } from "../src/html/name.js";
import { formatPage } from "../src/html/page.js";
import { table } from "../src/html/table.js";

const evil = `<script>alert(1)</script>"'&\``;
const escaped = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&#96;";

describe("html", () => {
  it("escapes what is interpolated, in lists too, and takes in as it is what it made itself", () => {
    expect(markupOf(html`<p title="${evil}">${[evil, 1, html`<b>${evil}</b>`]}</p>`)).toBe(
      `<p title="${escaped}">${escaped}1<b>${escaped}</b></p>`,
    );
  });

  it("leaves nothing of what is absent, and writes zero", () => {
    expect(markupOf(html`[${undefined}${null}${false}${0}${""}]`)).toBe("[0]");
  });

  it("spells out characters that turn text around", () => {
    expect(markupOf(html`${"a\u202egpj.exe"}`)).toBe("a\\u{202e}gpj.exe");
  });

  it("takes no object for markup that only looks like it", () => {
    const forged = JSON.parse('{"html":"<b>","length":1,"0":"<b>"}');
    expect(() => markupOf(html`${forged}`)).toThrow();
  });

  it("is gone around in two files only: the style sheet, the policy and charts", () => {
    const src = path.join(import.meta.dirname, "../src");
    const users = readdirSync(src, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && readFileSync(path.join(src, file), "utf8").includes("trustMarkup("))
      .map((file) => file.replaceAll("\\", "/"));
    expect(users.sort()).toEqual(["charts/draw-svg.ts", "html/page.ts"]);
  });
});

describe("names", () => {
  it("are kept short, the whole of them in a title; a path keeps its end", () => {
    expect(markupOf(name("abcdefghij", 5))).toBe('<span class="name" title="abcdefghij">abcd…</span>');
    expect(markupOf(name("abc", 5))).toBe('<span class="name">abc</span>');
    expect(markupOf(fileName("train/daisy/1.jpg", 8))).toContain(">…y/1.jpg<");
    expect(markupOf(name("🌼🌼🌼🌼", 3))).toContain(">🌼🌼…<");
  });
});

describe("a page", () => {
  const page = formatPage({
    ...{ title: evil, lead: html`<p>lead</p>`, foot: html`foot` },
    sections: [{ id: "one", title: evil, body: table(evil, [{ name: "n", cell: () => evil }], [1]) }],
  });

  it("allows nothing from elsewhere and no script", () => {
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:;`);
    expect(page).not.toContain("<script");
    expect(page.match(/(?:src|href)="(?!#|data:,")[^"]*"/g)).toBeNull();
  });

  it("has light and dark colours for every name that its style uses, and its charts", () => {
    const names = new Set([...page.matchAll(/var\((--[\w-]+)\)/g)].map(([, n]) => n));
    const defined = (block: string): Set<string> => new Set([...block.matchAll(/(--[\w-]+):/g)].map(([, n]) => n!));
    const [light, dark] = page.split("prefers-color-scheme: dark");
    for (const colours of [defined(light!), defined(dark!)]) {
      for (const n of names) expect(colours, n).toContain(n);
    }
  });

  it("links every section that it lists", () => {
    expect(page).toContain('<a href="#one">');
    expect(page).toContain('<h2 id="one">');
    expect(page).toContain('<th scope="col" class="text">n</th>');
  });
});
