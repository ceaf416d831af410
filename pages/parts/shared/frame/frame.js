// Tells the page when its tab becomes visible again, since runs may have changed meanwhile, and lets Escape close a
// dialog that has lost the focus. It shows nothing.

// A button that is switched off while its file is made loses the focus, and then Streamlit's dialog hears no key.
function closeDialog(event) {
  if (event.key !== "Escape" || document.activeElement !== document.body) return;
  document.querySelector('[role="dialog"] [aria-label="Close"]')?.click();
}

export default function mount({ setTriggerValue }) {
  const look = () => document.hidden || setTriggerValue("back", true);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("keydown", closeDialog);
  return () => {
    document.removeEventListener("visibilitychange", look);
    document.removeEventListener("keydown", closeDialog);
  };
}
