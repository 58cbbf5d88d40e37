// Drawing a site on the map: a point, a line or an area, vertex by vertex, with mouse, finger or pen.
// Hands the finished shape to the map, which tells the page; never keeps a shape of its own, never asks for anything.
(function (desk) {
  "use strict";

  const LEAST = { point: 1, line: 2, polygon: 3 };
  const STYLE = { color: "#b3261e", weight: 3, dashArray: "6 5", fillOpacity: 0.15, interactive: false };

  desk.Sketch = class {
    constructor(owner) {
      this.owner = owner;
      this.mode = "";
      this.corners = [];
      this.drawn = L.layerGroup().addTo(owner.map);
    }

    /** Begin or end drawing; the same mode again (a rerun of the page) leaves what was drawn so far. */
    set(mode) {
      if (mode === this.mode) return;
      this.mode = mode;
      this.corners = [];
      this.owner.map.getContainer().classList.toggle("desk-sketching", Boolean(mode));
      if (this.bar) this.bar.remove();
      this.bar = null;
      if (mode) this.bar = this.owner.control("topleft", this.makeBar());
      this.show();
    }

    get active() {
      return Boolean(this.mode);
    }

    add(at) {
      if (this.mode === "point") this.corners = [];
      this.corners.push(at);
      this.show();
    }

    back() {
      this.corners.pop();
      this.show();
    }

    finish() {
      if (this.corners.length < LEAST[this.mode]) return;
      this.owner.tellDrawn(JSON.stringify(this.shape()));
    }

    shape() {
      // Seven decimals, about a centimetre, as the registry keeps them.
      const flat = this.corners.map((at) => [+at.lng.toFixed(7), +at.lat.toFixed(7)]);
      if (this.mode === "point") return { type: "Point", coordinates: flat[0] };
      if (this.mode === "line") return { type: "LineString", coordinates: flat };
      return { type: "Polygon", coordinates: [[...flat, flat[0]]] };
    }

    show() {
      this.drawn.clearLayers();
      const style = { ...STYLE, pane: "shapes" };
      if (this.mode === "polygon" && this.corners.length > 2) this.drawn.addLayer(L.polygon(this.corners, style));
      else if (this.corners.length > 1) this.drawn.addLayer(L.polyline(this.corners, style));
      for (const at of this.corners) {
        const corner = { radius: 6, color: "#ffffff", weight: 2, fillColor: "#b3261e", fillOpacity: 1 };
        this.drawn.addLayer(L.circleMarker(at, { ...corner, interactive: false, pane: "shapes" }));
      }
      if (this.finishButton) this.finishButton.disabled = this.corners.length < LEAST[this.mode];
      if (this.backButton) this.backButton.disabled = !this.corners.length;
    }

    makeBar() {
      const bar = document.createElement("div");
      bar.className = "desk-sketch leaflet-bar";
      const say = document.createElement("div");
      say.textContent = this.owner.word("sketch_" + this.mode);
      const button = (key, act) => {
        const made = document.createElement("button");
        made.type = "button";
        made.textContent = this.owner.word(key);
        made.addEventListener("click", act);
        return made;
      };
      this.finishButton = button("sketch_finish", () => this.finish());
      this.backButton = button("sketch_back", () => this.back());
      bar.append(say, this.finishButton, this.backButton);
      return bar;
    }
  };
})(window.HazeDesk);
