const POLYNOMIAL = 0xedb88320;

let table: Uint32Array | undefined;

/** What each byte does to the sum. */
function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? POLYNOMIAL : 0);
    return sum;
  });
}

/** CRC-32 as zlib and PNG have it: reflected, of all ones at the start, inverted at the end. */
export function crc32(bytes: Uint8Array): number {
  table ??= makeTable();
  let sum = ~0;
  for (let i = 0; i < bytes.length; i++) sum = (sum >>> 8) ^ table[(sum ^ bytes[i]!) & 0xff]!;
  return ~sum >>> 0;
}
