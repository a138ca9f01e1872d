// Decides from a file's bytes what it is: what its name or its sender says has to be true before a model sees it.
import { IMAGE_TYPES } from "./schema.ts";

export type ImageType = (typeof IMAGE_TYPES)[number];
export type MediaKind = { kind: "image"; media_type: ImageType } | { kind: "pdf" } | { kind: "text" };

/** The model's API takes no image that is larger on one side. */
const MAX_IMAGE_SIDE = 8000;

/** True when the bytes are what the media type says. */
export function isOfType(mediaType: string, bytes: Uint8Array): boolean {
  const found = recognise(bytes);
  if (isImageType(mediaType)) return found?.kind === "image" && found.media_type === mediaType;
  if (mediaType === "application/pdf") return found?.kind === "pdf";
  return found?.kind === "text";
}

/** What the bytes are; null for anything that a prompt cannot carry. */
export function recognise(bytes: Uint8Array): MediaKind | null {
  const image = recogniseImage(bytes);
  if (image !== null) return { kind: "image", media_type: image };
  if (isPdf(bytes)) return { kind: "pdf" };
  return readText(bytes) === null ? null : { kind: "text" };
}

/** What a file's name promises; text, or anything else, promises nothing. */
export function promisedKind(path: string): "image" | "pdf" | null {
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  if (["png", "jpg", "jpeg", "gif", "webp"].includes(ending)) return "image";
  return ending === "pdf" ? "pdf" : null;
}

/** The text, or null when the bytes are no UTF-8 text. */
export function readText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

function isImageType(mediaType: string): mediaType is ImageType {
  return (IMAGE_TYPES as readonly string[]).includes(mediaType);
}

function recogniseImage(bytes: Uint8Array): ImageType | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const readers: Record<ImageType, (view: DataView) => Size | null> = {
    "image/png": pngSize,
    "image/jpeg": jpegSize,
    "image/gif": gifSize,
    "image/webp": webpSize,
  };
  return IMAGE_TYPES.find((type) => isDrawable(readers[type](view))) ?? null;
}

type Size = { width: number; height: number };

function isDrawable(size: Size | null): boolean {
  if (size === null) return false;
  const { width, height } = size;
  return width > 0 && height > 0 && width <= MAX_IMAGE_SIDE && height <= MAX_IMAGE_SIDE;
}

function isText(view: DataView, offset: number, text: string): boolean {
  if (view.byteLength < offset + text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (view.getUint8(offset + index) !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** Signature, then the header chunk, and somewhere the end chunk. */
function pngSize(view: DataView): Size | null {
  if (view.byteLength < 57 || !isText(view, 0, "\x89PNG\r\n\x1a\n") || !isText(view, 12, "IHDR")) return null;
  if (!isText(view, view.byteLength - 8, "IEND")) return null;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function gifSize(view: DataView): Size | null {
  if (view.byteLength < 14 || !(isText(view, 0, "GIF87a") || isText(view, 0, "GIF89a"))) return null;
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** Walks the segments to the one that says how large the picture is. */
function jpegSize(view: DataView): Size | null {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 9 < view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1;
    else if (isStartOfFrame(marker)) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    else at += 2 + view.getUint16(at + 2);
  }
  return null;
}

function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function webpSize(view: DataView): Size | null {
  if (view.byteLength < 30 || !isText(view, 0, "RIFF") || !isText(view, 8, "WEBP")) return null;
  if (view.getUint32(4, true) + 8 > view.byteLength) return null;
  if (isText(view, 12, "VP8X")) return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
  if (isText(view, 12, "VP8 ")) {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (!isText(view, 12, "VP8L") || view.getUint8(20) !== 0x2f) return null;
  const bits = view.getUint32(21, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;
}

/** Begins as one and has an end: one that was cut off has none. */
function isPdf(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isText(view, 0, "%PDF-")) return false;
  const tail = bytes.subarray(Math.max(0, bytes.byteLength - 2048));
  return new TextDecoder("latin1").decode(tail).includes("%%EOF");
}
