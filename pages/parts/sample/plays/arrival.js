// Called by Streamlit beside the plays: brings them into sight when a visitor was sent there.

const arrived = (globalThis[Symbol.for("ddpm.arrived")] ??= new Set());

export default mounting(({ data, parentElement }) => {
  if (!data.token || arrived.has(data.token)) return;
  arrived.add(data.token);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const host = parentElement.host ?? parentElement;
  // What is above may still be growing.
  setTimeout(() => host.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" }), 300);
});
