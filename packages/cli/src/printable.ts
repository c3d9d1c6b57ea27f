const unsafe = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text that came from outside, such that a terminal shows it instead of obeying it; line breaks stay. */
export const printable = (text: string): string =>
  text.replace(unsafe, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);

/** The same on one line: for names of files and classes. */
export const printableName = (name: string): string => printable(name).replaceAll("\n", "\\n");

/** A path as one word of a POSIX shell, where it needs quotes to be one. */
export const quoteForShell = (path: string): string =>
  /^[\w./:@%+,=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
