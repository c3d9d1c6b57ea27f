/** Formats that are decoded. All others are only recognised, to be named in messages. */
export type PictureFormat = "JPEG" | "PNG" | "WebP";

const pictureFormats: readonly string[] = ["JPEG", "PNG", "WebP"] satisfies PictureFormat[];

export const isPictureFormat = (format: string): format is PictureFormat => pictureFormats.includes(format);

/** [format, offset, text of the bytes] */
const signatures: readonly (readonly [string, number, string])[] = [
  ["JPEG", 0, "\xff\xd8\xff"],
  ["PNG", 0, "\x89PNG\r\n\x1a\n"],
  ["WebP", 8, "WEBP"],
  ["GIF", 0, "GIF8"],
  ["TIFF", 0, "II*\0"],
  ["TIFF", 0, "MM\0*"],
  ["BMP", 0, "BM"],
  ["AVIF", 4, "ftypavi"],
  ["HEIF", 4, "ftyphe"],
  ["HEIF", 4, "ftypmif1"],
  ["HEIF", 4, "ftypmsf1"],
  ["JPEG XL", 0, "\xff\x0a"],
  ["JPEG XL", 4, "JXL "],
  ["JPEG 2000", 4, "jP  "],
  ["icon (ICO)", 0, "\0\0\x01\0"],
  ["PDF", 0, "%PDF"],
  ["ZIP archive", 0, "PK\x03\x04"],
  ["video (MP4)", 4, "ftyp"],
  ["Git LFS pointer (run: git lfs pull)", 0, "version https://git-lfs"],
];

/** What the first bytes of a file (64 are enough, 512 find more SVGs) say it is, whatever its name says. */
export function formatOf(bytes: Uint8Array): string {
  const head = Array.from(bytes.subarray(0, 512), (b) => String.fromCharCode(b)).join("");
  const found = signatures.find(([, offset, text]) => head.startsWith(text, offset));
  if (found) return found[0];
  const text = head.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(\?xml|!--|!doctype svg|svg)/i.test(text)) return /<html/i.test(text) ? "HTML" : "SVG or other XML";
  if (/^<(!doctype )?html/i.test(text)) return "HTML";
  return /^[\t\r\n\x20-\x7e\x80-\xff]*$/.test(head) ? "text" : "unknown format";
}
