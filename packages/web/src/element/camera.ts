import { TlxError } from "@tlx/kernels";

/** Asks for the camera. Throws E_DATA, whose details say whether it was refused or there is none. */
export async function openCamera(): Promise<MediaStream> {
  const fail = (camera: "refused" | "missing", found: string, cause?: unknown): TlxError =>
    new TlxError("E_DATA", `camera: expected one that the page may use, ${found}`, { camera }, cause);
  // Not there on pages without https.
  if (!navigator.mediaDevices) throw fail("missing", "found none; serve the page over https or from localhost");
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 640 } } });
  } catch (error) {
    const refused = error instanceof DOMException && /^(NotAllowed|Security)Error$/.test(error.name);
    throw refused
      ? fail("refused", "it was refused; allow it for this page in the browser's settings", error)
      : fail("missing", `found none (${String(error)})`, error);
  }
}

export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** The next frame of `video`; pages in the background get none. */
export const nextFrame = (video: HTMLVideoElement): Promise<void> =>
  new Promise((resolve) => {
    video.requestVideoFrameCallback(() => resolve());
  });
