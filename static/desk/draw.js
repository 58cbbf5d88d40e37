// The canvas layers of the map: detections, place names and a model grid, each one Leaflet renderer of its own.
// Draws from typed arrays and plain text only; never makes one object or one page element per detection.
// Needs leaflet.js and decode.js before it.
(function (desk) {
  "use strict";

  /** A canvas that Leaflet moves and zooms with the map; what it shows is drawn by `paint(ctx, toPixel)`. */
  const Sheet = L.Renderer.extend({
    options: { padding: 0.25 },

    _initContainer() {
      this._container = document.createElement("canvas");
      this._container.setAttribute("aria-hidden", "true");
    },

    _destroyContainer() {
      L.Util.cancelAnimFrame(this._asked);
      this._asked = null;
      this._container.remove();
      this._container = null;
    },

    _update() {
      // In the middle of a zoom the old picture is stretched; a new one is drawn when the map stands still.
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = Math.round(size.x * ratio);
      this._container.height = Math.round(size.y * ratio);
      this._container.style.width = size.x + "px";
      this._container.style.height = size.y + "px";
      this._ratio = ratio;
      this._paintNow();
    },

    _paintNow() {
      const ctx = this._container.getContext("2d");
      const size = this._bounds.getSize();
      const scale = 256 * Math.pow(2, this._zoom);
      const corner = this._map.getPixelOrigin().add(this._bounds.min);
      ctx.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
      ctx.clearRect(0, 0, size.x, size.y);
      this.paint(ctx, { scale, left: corner.x, top: corner.y, width: size.x, height: size.y, zoom: this._zoom });
    },

    /** Draw again before the next frame; many calls in one turn cost one drawing. */
    repaint() {
      if (!this._map || this._asked) return this;
      this._asked = L.Util.requestAnimFrame(() => {
        this._asked = null;
        if (this._map) this._paintNow();
      });
      return this;
    },
  });

  const AGE_ALPHA = [1, 0.92, 0.78, 0.6];
  const AGE_SIZE = [1.3, 1.15, 1, 0.85];

  function radiusAt(zoom) {
    return Math.max(1.7, Math.min(8, 2.6 + (zoom - 8.5) * 0.8));
  }

  /** One drawn mark, made once per look and stamped for every detection that has it. */
  function stamp(colour, day, placed, age, zoom, ratio) {
    const r = radiusAt(zoom) * AGE_SIZE[age];
    const half = Math.ceil(r + 2.5);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = half * 2 * ratio;
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    ctx.translate(half, half);
    ctx.globalAlpha = AGE_ALPHA[age];
    ctx.beginPath();
    if (day) ctx.arc(0, 0, r, 0, 2 * Math.PI);
    else {
      const d = r * 1.25;
      ctx.moveTo(0, -d);
      ctx.lineTo(d, 0);
      ctx.lineTo(0, d);
      ctx.lineTo(-d, 0);
      ctx.closePath();
    }
    ctx.lineWidth = r > 3.5 ? 2 : 1.4;
    ctx.strokeStyle = placed ? colour : "#ffffff";
    // A position that nobody saw is hollow, so that it never reads as an exact point.
    ctx.fillStyle = placed ? "#ffffff" : colour;
    ctx.fill();
    ctx.stroke();
    return { canvas, half };
  }

  desk.PointLayer = Sheet.extend({
    initialize(options) {
      Sheet.prototype.initialize.call(this, options);
      this._points = null;
      this._shown = new Uint32Array(0);
      this._show = null;
    },

    /** Give the detections (see HazeDesk.points); nothing is drawn before `choose` said which. */
    load(points) {
      this._points = points;
      return this.choose(this._show);
    },

    /**
     * Say which detections count: {from, to} UTC minutes (half open), passes, satellites, confidences (null: all),
     * and `now`, the minute from which their age is told.
     */
    choose(show) {
      this._show = show;
      const p = this._points;
      if (!p || !show) {
        this._shown = new Uint32Array(0);
        return this.repaint();
      }
      const passes = show.passes || ["day", "night"];
      const day = passes.includes("day");
      const night = passes.includes("night");
      const satellite = [0, 1, 2, 3, 4, 5, 6, 7].map(
        (i) => !show.satellites || show.satellites.includes(p.satellites[i])
      );
      const confidence = [0, 1, 2, 3].map((i) => !show.confidences || show.confidences.includes(p.confidences[i]));
      const first = desk.lowerBound(p.minute, show.from);
      const last = desk.lowerBound(p.minute, show.to);
      const shown = new Uint32Array(last - first);
      let n = 0;
      for (let i = first; i < last; i++) {
        const f = p.flags[i];
        if ((f & 32 ? day : night) && satellite[f & 7] && confidence[(f >> 3) & 3]) shown[n++] = i;
      }
      this._shown = shown.subarray(0, n);
      return this.repaint();
    },

    count() {
      return this._shown.length;
    },

    _age(minute) {
      const hours = (this._show.now - minute) / 60;
      const edges = this.options.ages;
      return hours <= edges[0] ? 0 : hours <= edges[1] ? 1 : hours <= edges[2] ? 2 : 3;
    },

    paint(ctx, view) {
      const p = this._points;
      if (!p) return;
      // Newest first, one detection in every square as wide as half a mark: what lies under it would hardly be seen.
      const cell = Math.max(2, Math.ceil(radiusAt(view.zoom)));
      const across = Math.ceil((view.width + 20) / cell) + 1;
      const taken = new Uint8Array(across * (Math.ceil((view.height + 20) / cell) + 1));
      const seen = new Uint32Array(this._shown.length);
      let n = 0;
      for (let k = this._shown.length - 1; k >= 0; k--) {
        const i = this._shown[k];
        const x = p.x[i] * view.scale - view.left;
        const y = p.y[i] * view.scale - view.top;
        if (x < -10 || y < -10 || x > view.width + 10 || y > view.height + 10) continue;
        const square = Math.floor((y + 10) / cell) * across + Math.floor((x + 10) / cell);
        if (taken[square]) continue;
        taken[square] = 1;
        seen[n++] = i;
      }
      this._stamped = n;
      const stamps = new Map();
      while (n--) {
        const i = seen[n];
        const look = (p.flags[i] & 96) | this._age(p.minute[i]);
        let mark = stamps.get(look);
        if (!mark) {
          const day = Boolean(p.flags[i] & 32);
          const colour = day ? this.options.day : this.options.night;
          mark = stamp(colour, day, Boolean(p.flags[i] & 64), look & 3, view.zoom, this._ratio);
          stamps.set(look, mark);
        }
        // On whole pixels: a stamp between two of them is drawn several times slower, and blurred.
        const x = Math.round((p.x[i] * view.scale - view.left - mark.half) * this._ratio) / this._ratio;
        const y = Math.round((p.y[i] * view.scale - view.top - mark.half) * this._ratio) / this._ratio;
        ctx.drawImage(mark.canvas, x, y, mark.half * 2, mark.half * 2);
      }
    },

    /** The detection drawn nearest to a point of the map window, or null when none is within `reach` pixels. */
    nearest(containerPoint, reach) {
      const p = this._points;
      if (!p || !this._map || !this._shown.length) return null;
      const scale = 256 * Math.pow(2, this._map.getZoom());
      const at = this._map.containerPointToLayerPoint(containerPoint).add(this._map.getPixelOrigin());
      let best = null;
      let bestSquare = reach * reach;
      for (let k = this._shown.length - 1; k >= 0; k--) {
        const i = this._shown[k];
        const dx = p.x[i] * scale - at.x;
        const dy = p.y[i] * scale - at.y;
        const square = dx * dx + dy * dy;
        if (square < bestSquare) {
          bestSquare = square;
          best = i;
        }
      }
      return best === null ? null : p.one(best);
    },
  });

  /** The cells of a model grid, each in the colour of its class; a missing cell is not painted. */
  desk.GridLayer = Sheet.extend({
    initialize(options) {
      Sheet.prototype.initialize.call(this, options);
      this._grid = null;
    },

    /** Give the grid (see layers/grid_layer.py), or null for none. */
    load(grid) {
      this._grid = grid;
      return this.repaint();
    },

    count() {
      return this._grid ? this._grid.cells.replaceAll(".", "").length : 0;
    },

    paint(ctx, view) {
      const grid = this._grid;
      if (!grid) return;
      // Edges on whole pixels, shared by neighbours: no seam shows between two cells.
      const edges = (count, unit, corner) =>
        Array.from({ length: count + 1 }, (_, at) => Math.round(unit(at) * view.scale) - corner);
      const x = edges(grid.columns, (at) => desk.unit(grid.west + at * grid.step[0], 0)[0], view.left);
      const y = edges(grid.rows, (at) => desk.unit(0, grid.south + at * grid.step[1])[1], view.top);
      for (let row = 0; row < grid.rows; row++) {
        for (let column = 0; column < grid.columns; column++) {
          const at = grid.cells[row * grid.columns + column];
          if (at === ".") continue;
          ctx.fillStyle = grid.colours[at];
          // Rows grow northwards, pixels southwards.
          ctx.fillRect(x[column], y[row + 1], x[column + 1] - x[column], y[row] - y[row + 1]);
        }
      }
    },
  });

  const NAME_STYLES = {
    far: { font: "600 12px Sarabun, Loma, sans-serif", ink: "#26343b", halo: 3, height: 15 },
    amphoe: { font: "600 14px Sarabun, Loma, sans-serif", ink: "#26343b", halo: 4, height: 17 },
    tambon: { font: "500 12px Sarabun, Loma, sans-serif", ink: "#4a5a60", halo: 3, height: 14 },
  };

  desk.NameLayer = Sheet.extend({
    initialize(options) {
      Sheet.prototype.initialize.call(this, options);
      this._names = [];
      this._widths = new Map();
    },

    /** Give the names in order of importance: {text, kind: "amphoe" | "tambon", at: [lon, lat]}. */
    load(names) {
      this._names = names.map((name) => ({ ...name, unit: desk.unit(name.at[0], name.at[1]) }));
      return this.repaint();
    },

    /** Widths were measured with a fallback font until the real one came. */
    forgetWidths() {
      this._widths.clear();
      return this.repaint();
    },

    count() {
      return this._drawn || 0;
    },

    paint(ctx, view) {
      const taken = [];
      this._drawn = 0;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.lineJoin = "round";
      ctx.strokeStyle = "rgba(255,255,255,0.92)";
      for (const name of this._names) {
        if (name.kind === "tambon" && view.zoom < this.options.tambonsFrom) continue;
        // Seen from far, as a province on a phone, smaller names leave room for each other.
        const size = name.kind === "amphoe" && view.zoom < this.options.smallBelow ? "far" : name.kind;
        const style = NAME_STYLES[size];
        const x = name.unit[0] * view.scale - view.left;
        const y = name.unit[1] * view.scale - view.top;
        if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
        ctx.font = style.font;
        const key = size + name.text;
        let width = this._widths.get(key);
        if (width === undefined) {
          width = ctx.measureText(name.text).width;
          this._widths.set(key, width);
        }
        const box = [x - width / 2 - 3, y - style.height / 2 - 1, x + width / 2 + 3, y + style.height / 2 + 1];
        // A name that would cover a more important one waits for a closer zoom.
        if (taken.some((t) => box[0] < t[2] && box[2] > t[0] && box[1] < t[3] && box[3] > t[1])) continue;
        taken.push(box);
        ctx.lineWidth = style.halo;
        ctx.strokeText(name.text, x, y);
        ctx.fillStyle = style.ink;
        ctx.fillText(name.text, x, y);
        this._drawn += 1;
      }
    },
  });
})(window.HazeDesk);
