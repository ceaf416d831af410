// Tells the page when its tab becomes visible again, since runs may have changed meanwhile. It shows nothing.

export default function mount({ setTriggerValue }) {
  const look = () => document.hidden || setTriggerValue("back", true);
  document.addEventListener("visibilitychange", look);
  return () => document.removeEventListener("visibilitychange", look);
}
