// A feed shows nothing. It gives the newer state of a growing chain to the player with the same address, because
// Streamlit accepts a key, and so a player, only once per run of the script.

export default mounting(
  ({ data }) => {
    const { address } = openParcel(data).header;
    if (registry.feeds.get(address) === data) return;
    registry.feeds.set(address, data); // for a player that is mounted later
    registry.players.get(address)?.takeNewer(data);
  },
  ({ data }) => {
    const { address } = openParcel(data).header;
    if (registry.feeds.get(address) === data) registry.feeds.delete(address);
  },
);
