const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A file or class name for a message: in quotes, control and direction characters escaped, so a terminal shows it as it is. */
export const quoteName = (name: string): string =>
  `"${name.replace(unsafe, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)}"`;
