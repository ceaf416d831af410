// Tells the player with the same address which sprites are starred. It is a component of its own, so that a new star does
// not send the pictures again. `of` is the id of the last frame of the sprites that it means; they may come later.

const NOTHING = { starred: null, of: null };

export default function mount({ data, parentElement }) {
  const { address, starred, of } = data;
  registry.stars.set(address, { starred, of, owner: parentElement }); // for a player that is mounted later
  registry.players.get(address)?.hear({ starred, of });
  return () => {
    // As in mount.js: a cleanup may run after the next mount of the same component.
    setTimeout(() => {
      // Or a newer component has taken its place.
      if (parentElement.isConnected || registry.stars.get(address)?.owner !== parentElement) return;
      registry.stars.delete(address);
      registry.players.get(address)?.hear(NOTHING);
    });
  };
}
