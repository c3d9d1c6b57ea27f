/**
 * The checksum of TensorBoard's records: CRC-32C (Castagnoli), reflected, polynomial 0x82f63b78.
 *
 *   masked = ((crc >>> 15) | (crc << 17)) + 0xa282ead8   modulo 2^32
 *
 * Source   RFC 3720, 12.1 and B.4
 */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

/** A checksum that is itself part of what a checksum is taken of is masked. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
