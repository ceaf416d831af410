// Shared by all components whose data change (see component.py).

/**
 * What Streamlit calls: `show` gets the newest data, again whenever these or the theme change; `leave` is called when the
 * component has gone from the page, even if it was never shown.
 *
 * Until a component's script has been loaded, one call waits for each state of its data, and a browser makes those calls
 * in any order. The ones that are out of date are undone at once, before a timer: so a call waits for that long.
 */
function mounting(show, leave = () => {}) {
  return (given) => {
    const timer = setTimeout(() => show(given));
    return () => {
      clearTimeout(timer);
      // A call that is undone may be older than the one whose data are on the page.
      setTimeout(() => given.parentElement.isConnected || leave(given));
    };
  };
}
