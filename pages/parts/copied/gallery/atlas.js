// Unpacks the sprites of a parcel, and makes canvases of them.

const BOX = 72; // CSS pixels: the longer side of a sprite at most
const ATLAS_COLUMNS = 32;

/** Bytes -> {header, pixels}: pixels(i) is sprite i as ImageData of its own size. */
async function unpack(bytes) {
  const { header, rest } = openParcel(bytes);
  const { shape: size } = header;
  if (!header.sprites) return { header, pixels: () => new ImageData(...size) };
  const bitmap = await decode(rest);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const at = (i) => [(i % ATLAS_COLUMNS) * size[0], Math.floor(i / ATLAS_COLUMNS) * size[1]];
  return { header, pixels: (i) => pen.getImageData(...at(i), ...size) };
}

/** A canvas with a sprite; style sheets enlarge it, by a whole number where its size is not the usual one. */
function picture(image, words) {
  const canvas = document.createElement("canvas");
  const { width, height } = image;
  [canvas.width, canvas.height] = [width, height];
  canvas.className = "sprite";
  if (width !== 16 || height !== 16) {
    const room = `min(100%, ${(BOX * width) / Math.max(width, height)}px)`;
    canvas.style.width = `max(min(100%, ${width}px), round(down, ${room}, ${width}px))`;
    canvas.style.height = "auto";
    canvas.style.aspectRatio = `${width} / ${height}`;
  }
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** The difference of two sprites: white where they are the same, darker where they differ more, in alpha, too. */
function difference(a, b) {
  const result = new ImageData(a.width, a.height);
  const gap = (i) => Math.abs(a.data[i] - b.data[i]);
  for (let i = 0; i < result.data.length; i += 4) {
    for (let c = 0; c < 3; c++) result.data[i + c] = 255 - Math.max(gap(i + c), gap(i + 3));
    result.data[i + 3] = 255;
  }
  return result;
}
