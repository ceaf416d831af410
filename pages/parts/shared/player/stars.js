// Tells the player with the same address which sprites are starred. It is a component of its own, so that a new star does
// not send the pictures again. `of` is the id of the last frame of the sprites that it means; they may come later.

const NOTHING = { starred: null, of: null };

export default mounting(
  ({ data, parentElement }) => {
    const { address, starred, of } = data;
    registry.stars.set(address, { starred, of, owner: parentElement }); // for a player that is mounted later
    registry.players.get(address)?.hear({ starred, of });
  },
  ({ data, parentElement }) => {
    const { address } = data;
    if (registry.stars.get(address)?.owner !== parentElement) return; // a newer component has taken its place
    registry.stars.delete(address);
    registry.players.get(address)?.hear(NOTHING);
  },
);
