// Brings word of the favourites to the player that has the same address. It shows nothing itself, and is apart from the
// player because its few bytes change with each star, while the pictures stay as they are. It says which sprites it
// means (`of`, the id of their last frame): these may come a moment later. See mount.js.

const meeting = (globalThis[Symbol.for("ddpm.player")] ??= { players: new Map(), feeds: new Map(), stars: new Map() });

const NOTHING = { starred: null, of: null };

export default function mount({ data, parentElement }) {
  const { address, starred, of } = data;
  meeting.stars.set(address, { starred, of, owner: parentElement }); // for a player that comes later
  meeting.players.get(address)?.hear({ starred, of });
  return () => {
    if (meeting.stars.get(address)?.owner !== parentElement) return; // another has taken over
    meeting.stars.delete(address);
    meeting.players.get(address)?.hear(NOTHING);
  };
}
