// Unpacks the bytes from Python.

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

const isStart = (frames, longer) => frames.every(({ id }, i) => id === longer[i]?.id);

/** Whether each of these chains begins the one at the same place in `longer`; chains are lists of frames with ids. */
const isBeginning = (reels, longer) =>
  reels.length <= longer.length && reels.every((frames, side) => isStart(frames, longer[side]));

/** The first frame of each chain only. */
function firstOf({ header, files }) {
  const reels = header.reels.map((frames) => frames.slice(0, 1));
  return { header: { ...header, expected: header.expected ?? header.reels[0].length, reels }, files };
}
