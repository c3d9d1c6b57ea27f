/**
 * Extent, transparency and inks as the header of a JPEG, PNG or WebP file tells them, before anything is decoded.
 *
 * Source   JPEG: ITU-T T.81, B.2.2; PNG: W3C PNG third edition, 5 and 11; WebP: RFC 9649, 2.5 to 2.7
 */
import type { PictureFormat } from "./picture-format.js";

export interface PictureHeader {
  /** As stored: an orientation may exchange it with the height. */
  readonly width: number;
  readonly height: number;
  /** May pixels be transparent? */
  readonly alpha: boolean;
  /** Four inks in place of light. */
  readonly cmyk?: boolean;
}

/** Undefined when the header is cut off or none of the format. */
export function readPictureHeader(bytes: Uint8Array, format: PictureFormat): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return readers[format](view);
  } catch (error) {
    // DataView's word for a place behind the end.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const readers = { JPEG: readJpeg, PNG: readPng, WebP: readWebp };

function readJpeg(view: DataView): PictureHeader | undefined {
  for (let at = 2; view.getUint8(at) === 0xff; ) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at++;
    else if (isFrame(marker)) {
      const extent = { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
      return { ...extent, alpha: false, ...(view.getUint8(at + 9) === 4 && { cmyk: true }) };
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** SOF0 to SOF15 without the tables among them: DHT, JPG and DAC. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

const IDAT = 0x49444154;
const TRNS = 0x74524e53;

function readPng(view: DataView): PictureHeader {
  const extent = { width: view.getUint32(16), height: view.getUint32(20) };
  const colourType = view.getUint8(25);
  if (colourType === 4 || colourType === 6) return { ...extent, alpha: true };
  for (let at = 8; at + 8 <= view.byteLength && view.getUint32(at + 4) !== IDAT; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === TRNS) return { ...extent, alpha: true };
  }
  return { ...extent, alpha: false };
}

function readWebp(view: DataView): PictureHeader | undefined {
  const kind = view.getUint32(12);
  if (kind === 0x56503858) {
    const extent = (at: number): number => 1 + view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
    return { width: extent(24), height: extent(27), alpha: (view.getUint8(20) & 0x10) !== 0 };
  }
  if (kind === 0x5650384c) {
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff), alpha: ((bits >>> 28) & 1) !== 0 };
  }
  if (kind !== 0x56503820) return undefined;
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, alpha: false };
}
