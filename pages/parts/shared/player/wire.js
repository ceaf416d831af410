// From the wire: bytes -> header and files.

const SPRITE = 16;
const KINDS = ["noisy", "guess"];
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Bytes -> header, and for each chain one {noisy, guess} pair of PNG files per frame. */
function unpack(bytes) {
  const { header, rest } = openParcel(bytes);
  let offset = 0;
  const take = (size) => rest.subarray(offset, (offset += size));
  const files = header.reels.map((frames) =>
    frames.map(({ sizes }) => ({ noisy: take(sizes[0]), guess: take(sizes[1]) })),
  );
  return { header, files };
}

/** One PNG -> pixels, untouched by colour management, or "exact" would depend on the screen. */
function decode(png) {
  const blob = new Blob([png], { type: "image/png" });
  return createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

const isStart = (frames, longer) => frames.every(({ id }, i) => id === longer[i]?.id);

/** Does each of these chains begin one of those, in the same order? Chains are lists of frames with ids. */
const isBeginning = (reels, longer) =>
  reels.length <= longer.length && reels.every((frames, side) => isStart(frames, longer[side]));

/** The beginning of each chain only. */
function firstOf({ header, files }) {
  const reels = header.reels.map((frames) => frames.slice(0, 1));
  return { header: { ...header, expected: header.expected ?? header.reels[0].length, reels }, files };
}
