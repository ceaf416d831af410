// Unpacks the sprites of a parcel, and makes canvases of them.

const SIDE = 16;
const ATLAS_COLUMNS = 32;

/** Bytes -> {header, pixels}: pixels(i) is sprite i as ImageData of 16 by 16. */
async function unpack(bytes) {
  const { header, rest } = openParcel(bytes);
  if (!header.sprites) return { header, pixels: () => new ImageData(SIDE, SIDE) };
  const bitmap = await decode(rest);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const at = (i) => [(i % ATLAS_COLUMNS) * SIDE, Math.floor(i / ATLAS_COLUMNS) * SIDE];
  return { header, pixels: (i) => pen.getImageData(...at(i), SIDE, SIDE) };
}

/** A canvas of 16 by 16 with a sprite; style sheets enlarge it. */
function picture(image, words) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SIDE, SIDE];
  canvas.className = "sprite";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** The difference of two sprites: white where they are the same, darker where they differ more. */
function difference(a, b) {
  const result = new ImageData(SIDE, SIDE);
  for (let i = 0; i < result.data.length; i += 4) {
    for (let c = 0; c < 3; c++) result.data[i + c] = 255 - Math.abs(a.data[i + c] - b.data[i + c]);
    result.data[i + 3] = 255;
  }
  return result;
}
