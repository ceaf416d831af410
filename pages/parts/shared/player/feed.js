// A feed shows nothing. It brings the newer state of a growing chain to the player that has the same address, because
// Streamlit takes a key, and so a player, only once per run. See mount.js for the other half of the meeting.

const meeting = (globalThis[Symbol.for("ddpm.player")] ??= { players: new Map(), feeds: new Map(), stars: new Map() });

export default function mount({ data }) {
  const { address } = openParcel(data).header;
  if (meeting.feeds.get(address) !== data) {
    meeting.feeds.set(address, data); // for a player that comes later
    meeting.players.get(address)?.update(data);
  }
  return () => {
    if (meeting.feeds.get(address) === data) meeting.feeds.delete(address);
  };
}
