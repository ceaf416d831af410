// Tells the page when its tab becomes visible again, since runs may have changed meanwhile, and lets Escape close a
// dialog that has lost the focus. It shows nothing.

// A button that is switched off while its file is made loses the focus, and then Streamlit's dialog hears no key.
function closeDialog(event) {
  if (event.key !== "Escape" || document.activeElement !== document.body) return;
  document.querySelector('[role="dialog"] [aria-label="Close"]')?.click();
}

const ends = new WeakMap(); // what ends the listening, by parent element

export default mounting(
  ({ parentElement, setTriggerValue }) => {
    ends.get(parentElement)?.abort(); // a change of the theme shows it anew
    const end = new AbortController();
    ends.set(parentElement, end);
    const look = () => document.hidden || setTriggerValue("back", true);
    document.addEventListener("visibilitychange", look, { signal: end.signal });
    document.addEventListener("keydown", closeDialog, { signal: end.signal });
  },
  ({ parentElement }) => ends.get(parentElement)?.abort(),
);
