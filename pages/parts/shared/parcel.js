// Shared by all components that get parcels from Python (see component.py).

/** Bytes -> {header, rest}: a length (uint32, little-endian), a JSON header, then files. */
function openParcel(bytes) {
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  return { header: JSON.parse(new TextDecoder().decode(bytes.subarray(4, end))), rest: bytes.subarray(end) };
}

/** A number as the pages write it: 1,024. */
const grouped = (number) => number.toLocaleString("en");

/** One PNG -> pixels without colour management, which would change them on some screens. */
function decode(png) {
  const blob = new Blob([png], { type: "image/png" });
  return createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (tag === "button") made.type = "button";
  if (text !== undefined) made.textContent = text;
  return made;
}
