// Called by Streamlit to show the player.

const players = new WeakMap(); // by root element

export default mounting(
  ({ data, parentElement, setTriggerValue }) => {
    const root = parentElement.querySelector(".player");
    const { address } = unpack(data).header;
    const known = players.get(root);
    const player = known ?? new Player(root);
    players.set(root, player);
    registry.players.set(address, player);
    player.emit = (event) => setTriggerValue("event", event);
    if (!known && registry.stars.has(address)) player.hear(registry.stars.get(address));
    if (data === player.data) return;
    player.data = data;
    player.update(data);
    const more = registry.feeds.get(address);
    if (more) player.takeNewer(more);
  },
  ({ data, parentElement }) => {
    const root = parentElement.querySelector(".player");
    const player = players.get(root);
    if (!player) return;
    player.destroy();
    players.delete(root);
    const { address } = unpack(data).header;
    if (registry.players.get(address) === player) registry.players.delete(address);
  },
);
