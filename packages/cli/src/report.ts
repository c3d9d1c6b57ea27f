import { styleText } from "node:util";
import { printable } from "./printable.js";
import { type Progress, type ProgressOptions, progressBar, progressLines } from "./progress.js";

type Style = Parameters<typeof styleText>[0];
type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** All printing of the command: text for people on standard error, results on standard output. */
export class Report {
  private readonly out: Output;
  private readonly err: Output;

  constructor(out: Output = process.stdout, err: Output = process.stderr) {
    this.out = out;
    this.err = err;
  }

  /** For people. */
  say(text = ""): void {
    this.sayStyled(printable(text));
  }

  /** A bar on this line is wiped; its next update draws it again. */
  private sayStyled(text: string): void {
    this.err.write(`${this.isTerminal ? "\r\x1b[K" : ""}${text}\n`);
  }

  /** "name    text", with the name set off. */
  field(name: string, text: string): void {
    const [first, ...rest] = text.split("\n").map(printable);
    const indented = [first, ...rest.map((line) => `          ${line}`)].join("\n");
    this.sayStyled(`${this.style("bold", name.padEnd(10))}${indented}`);
  }

  warn(text: string): void {
    this.sayStyled(`${this.style("yellow", "warning:")} ${printable(text)}`);
  }

  fail(text: string): void {
    this.sayStyled(`${this.style("red", "tlx:")} ${printable(text)}`);
  }

  /** A result: what a pipe is meant to get. */
  print(text: string): void {
    this.out.write(`${printable(text)}\n`);
  }

  /** A result for programs: one line, or indented for people too. */
  printJson(value: unknown, indent?: number): void {
    this.out.write(`${JSON.stringify(value, null, indent)}\n`);
  }

  progress(options: ProgressOptions): Progress {
    if (this.isTerminal) return progressBar(this.err as NodeJS.WriteStream, options);
    return progressLines((line) => this.say(line), options);
  }

  private get isTerminal(): boolean {
    return this.err.isTTY === true && process.env.TERM !== "dumb" && !process.env.CI;
  }

  private style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.err as NodeJS.WriteStream });
  }
}
