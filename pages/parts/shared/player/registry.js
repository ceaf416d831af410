// Where feeds (feed.js) and stars (stars.js) find the player with their address. It is global, since each component is a
// module of its own.

const registry = (globalThis[Symbol.for("ddpm.player")] ??= { players: new Map(), feeds: new Map(), stars: new Map() });
