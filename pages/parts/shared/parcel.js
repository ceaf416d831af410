// What all components share that get parcels from Python (component.py).

/** Bytes -> {header, rest}: a length (uint32, little-endian), a JSON header, then files. */
function openParcel(bytes) {
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  return { header: JSON.parse(new TextDecoder().decode(bytes.subarray(4, end))), rest: bytes.subarray(end) };
}

/** A number as the pages write it: 1,024. */
const grouped = (number) => number.toLocaleString("en");
