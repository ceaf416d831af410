// The film: the decoded frames of one chain or two, and the moments at which they are shown.

const EDGE = 3; // pixels from sprite to sprite on a sheet, beyond its own: the edges and the gap

/** The sprites of one frame, laid out as on the screen, so that a panel is painted by one call. */
class Sheet {
  constructor(atlas, { count, atlas: columns, size }) {
    this.bitmap = atlas; // at first without gaps
    this.count = count;
    this.columns = columns;
    this.size = size; // of a sprite, [width, height]
    this.edge = 0;
  }

  place(index) {
    const [width, height] = this.size;
    return [(index % this.columns) * (width + this.edge), Math.floor(index / this.columns) * (height + this.edge)];
  }

  /** Puts the sprites into rows of `columns`, with transparent gaps; only once per layout, at the first painting. */
  spread(columns) {
    if (this.edge === EDGE && this.columns === columns) return;
    const { size } = this;
    const [across, down] = size.map((side) => side + EDGE);
    const canvas = new OffscreenCanvas(columns * across, Math.ceil(this.count / columns) * down);
    const context = canvas.getContext("2d");
    for (let i = 0; i < this.count; i++) {
      const to = [(i % columns) * across, Math.floor(i / columns) * down];
      context.drawImage(this.bitmap, ...this.place(i), ...size, ...to, ...size);
    }
    this.bitmap.close();
    this.bitmap = canvas.transferToImageBitmap();
    this.columns = columns;
    this.edge = EDGE;
  }

  draw(context, index, x, y, scale) {
    const [width, height] = this.size;
    // Through a transparent pixel the last frame would be seen.
    context.clearRect(x, y, width * scale, height * scale);
    context.drawImage(this.bitmap, ...this.place(index), width, height, x, y, width * scale, height * scale);
  }

  close() {
    this.bitmap.close();
  }
}

/**
 * Moments of one or two chains: the noise level, and the number of each chain's frame at it. The chain with the noisier
 * next frame goes first, so each shows its latest frame that is not below the level.
 */
function align(reels) {
  const at = reels.map(() => 0);
  const moments = [{ noise: Math.max(...reels.map((frames) => frames[0].noise)), at: [...at] }];
  for (;;) {
    const next = reels.map((frames, side) => frames[at[side] + 1]?.noise ?? -1);
    const noise = Math.max(...next);
    if (noise < 0) return moments;
    next.forEach((level, side) => (at[side] += level === noise ? 1 : 0));
    moments.push({ noise, at: [...at] });
  }
}

class Film {
  constructor(header, reels) {
    this.header = header;
    this.reels = reels; // one list per chain, of frames {t, noise, id, noisy, guess}; the last two are sheets
    this.count = header.count;
    this.size = header.size;
    this.alpha = header.alpha; // whether its pixels may be transparent
    this.moments = align(reels);
    this.last = this.moments.length - 1;
    this.id = header.id;
    this.complete = reels.every((frames) => frames.at(-1).t < 0) && reels.length === (header.compare ? 2 : 1);
    const [first] = reels;
    const missing = first.at(-1).t < 0 ? 0 : Math.max(0, (header.expected ?? 0) - first.length);
    this.span = this.moments.length + missing;
  }

  /** Decodes only the frames that `old` does not have. */
  static async load({ header, files }, old) {
    const known = new Map((old?.reels ?? []).flat().map((frame) => [frame.id, frame]));
    const frame = async ({ t, noise, id }, file) => {
      const seen = known.get(id);
      if (seen) return { ...seen, t, noise };
      const bitmaps = await Promise.all([decode(file.noisy), decode(file.guess)]);
      const [noisy, guess] = bitmaps.map((bitmap) => new Sheet(bitmap, header));
      return { t, noise, id, noisy, guess };
    };
    const reels = header.reels.map((frames, side) => Promise.all(frames.map((one, i) => frame(one, files[side][i]))));
    return new Film(header, await Promise.all(reels));
  }

  /** Whether the new header begins with all frames of this film; then the viewer keeps their place. */
  isContinuedBy({ compare, reels }) {
    return compare === this.header.compare && isBeginning(this.reels, reels);
  }

  /** The place here of `head` in `old`, which this film continues: a second chain adds moments in between. */
  placeOf(head, old) {
    if (!this.header.compare) return head;
    const level = old.noiseAt(head);
    const next = this.moments.findIndex(({ noise }) => noise <= level);
    if (next < 0) return this.last;
    if (next === 0 || this.moments[next].noise === level) return next;
    const above = this.moments[next - 1].noise;
    return next - 1 + (above - level) / (above - this.moments[next].noise);
  }

  /** What a sprite is, if known, to be put after its number. */
  name(index) {
    return this.header.names?.[index] ? `: ${this.header.names[index]}` : "";
  }

  /** Frees the pixels, except those that the film `next` uses. */
  release(next) {
    const sheets = (film) => new Set((film?.reels ?? []).flat().flatMap(({ noisy, guess }) => [noisy, guess]));
    const kept = sheets(next);
    for (const sheet of sheets(this)) if (!kept.has(sheet)) sheet.close();
  }

  /** What is shown at the left and at the right: [chain, kind]. */
  sides(view) {
    return this.header.compare ? [[0, view], [1, view]] : [[0, "noisy"], [0, "guess"]]; // prettier-ignore
  }

  frame(moment, side) {
    return this.reels[side]?.[this.moments[moment].at[side]];
  }

  /** The noise level, also between two moments, so that the marker moves smoothly. */
  noiseAt(head) {
    const low = Math.floor(head);
    const high = Math.min(low + 1, this.last);
    const share = head - low;
    return this.moments[low].noise * (1 - share) + this.moments[high].noise * share;
  }

  describe(moment) {
    const level = `noise ${Math.round(this.moments[moment].noise * 100)}%`;
    const frames = this.reels.map((_, side) => this.frame(moment, side));
    const more = !this.complete && moment === this.last ? " …" : "";
    if (!more && frames.every(({ t }) => t < 0)) return `finished · ${level}`;
    if (more && this.moments[moment].noise <= 0) return `still drawing${more}`;
    if (this.header.compare) return `${this.complete ? "both at " : ""}${level}${more}`;
    return `step t = ${grouped(frames[0].t)} · ${level}${more}`;
  }

  /** A few characters below a picture of the film strip. */
  label(moment) {
    const { noise } = this.moments[moment];
    if (this.header.compare) return noise > 0 ? `${Math.round(noise * 100)}%` : "end";
    const { t } = this.frame(moment, 0);
    return t < 0 ? "end" : grouped(t);
  }

  /** How far one of two chains is. */
  describeSide(moment, side) {
    const frame = this.frame(moment, side);
    if (!frame) return "";
    return frame.t < 0 ? "finished" : `step t = ${grouped(frame.t)}`;
  }
}
