// Tells the page when its tab comes back into sight: meanwhile much may have changed elsewhere. It shows nothing.

export default function mount({ setTriggerValue }) {
  const look = () => document.hidden || setTriggerValue("back", true);
  document.addEventListener("visibilitychange", look);
  return () => document.removeEventListener("visibilitychange", look);
}
