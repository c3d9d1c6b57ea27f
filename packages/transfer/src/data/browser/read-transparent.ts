import { refusePicture } from "../check-picture.js";

/**
 * The stored colours of a bitmap that was decoded with `premultiplyAlpha: "none"`, with alpha 255. A 2D canvas multiplies
 * colours by alpha and loses those of transparent pixels; a texture does not. Throws E_DATA for sides no texture has.
 */
export function readTransparent(name: string, bitmap: ImageBitmap): Uint8Array {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl) throw refusePicture(name, "WebGL 2 to read a picture with transparency", "none", "save it without");
  try {
    const most = gl.getParameter(gl.MAX_TEXTURE_SIZE);
    if (width > most || height > most) {
      const expected = `at most ${most} pixels a side in a picture with transparency`;
      throw refusePicture(name, expected, `${width} x ${height}`, "make it smaller or save it without transparency");
    }
    const data = new Uint8Array(4 * width * height);
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
    if (gl.getError() !== gl.NO_ERROR) throw new Error("the browser could not read its pixels back");
    for (let i = 3; i < data.length; i += 4) data[i] = 255;
    return data;
  } finally {
    // Contexts are few, and the collector comes late.
    gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
