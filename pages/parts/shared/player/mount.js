// Called by Streamlit to show the player.

const players = new WeakMap(); // by root element

/** Called again whenever the data or the theme change; the returned cleanup runs once, at the end. */
export default function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".player");
  const { address } = unpack(data).header;
  const known = players.get(root);
  const player = known ?? new Player(root);
  players.set(root, player);
  registry.players.set(address, player);
  player.emit = (event) => setTriggerValue("event", event);
  if (!known && registry.stars.has(address)) player.hear(registry.stars.get(address));
  if (data !== player.data) {
    player.data = data;
    player.update(data);
    const more = registry.feeds.get(address);
    if (more) player.takeNewer(more);
  }
  return () => {
    // A cleanup may run after the next mount of the same root: a player that is still on the page must go on.
    setTimeout(() => {
      if (root.isConnected) return;
      player.destroy();
      players.delete(root);
      if (registry.players.get(address) === player) registry.players.delete(address);
    });
  };
}
