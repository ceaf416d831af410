// Streamlit's door to the player.

const players = new WeakMap(); // by root element

// Where feeds (feed.js) and stars (stars.js) find their player; each component is a module of its own, so the
// place is a global one.
const meeting = (globalThis[Symbol.for("ddpm.player")] ??= { players: new Map(), feeds: new Map(), stars: new Map() });

/** Called at the mount, and again whenever the data or the theme change; the cleanup runs once, at the end. */
export default function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".player");
  const { address } = unpack(data).header;
  const known = players.get(root);
  const player = known ?? new Player(root);
  players.set(root, player);
  meeting.players.set(address, player);
  player.emit = (event) => setTriggerValue("event", event);
  if (!known && meeting.stars.has(address)) player.hear(meeting.stars.get(address));
  if (data !== player.data) {
    player.data = data;
    player.update(data);
    const more = meeting.feeds.get(address);
    if (more) player.takeNewer(more);
  }
  return () => {
    // A mount may be undone after the next one of the same root: who still stands on the page goes on.
    setTimeout(() => {
      if (root.isConnected) return;
      player.destroy();
      players.delete(root);
      if (meeting.players.get(address) === player) meeting.players.delete(address);
    });
  };
}
