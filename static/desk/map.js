// The map of the desk: tambons in their colours, detections, stations and sites, drawn by plain Leaflet.
// Takes values by message from the frame that holds it and answers with the tambon a person chose.
// Every text reaches the page as text, never as markup; nothing is asked from outside until a person picks a base map.
(function (desk) {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const NO_VALUE = "#e4e3df";
  const NEAR_MOUSE = 7;
  const NEAR_FINGER = 16;

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function drawing(size, ...shapes) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
    svg.setAttribute("width", size);
    svg.setAttribute("height", size);
    svg.setAttribute("aria-hidden", "true");
    for (const [tag, attributes] of shapes) {
      const shape = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
      svg.appendChild(shape);
    }
    return svg;
  }

  /** The outlines of the five class shapes in a square of 34, the same as in layers/palette.py. */
  const STATION_SHAPES = {
    circle: ["circle", { cx: 17, cy: 17, r: 14 }],
    square: ["rect", { x: 4, y: 4, width: 26, height: 26, rx: 4 }],
    triangle: ["path", { d: "M17 1 L33 30 L1 30 Z" }],
    diamond: ["path", { d: "M17 1 L33 17 L17 33 L1 17 Z" }],
    cross: ["path", { d: "M10 2 H24 V10 H32 V24 H24 V32 H10 V24 H2 V10 H10 Z" }],
  };

  const HATCH_SIDE = 8;
  const HATCH_INK = "rgba(31,42,46,0.5)";

  /** A fill with lines across it. The tile repeats without a seam: each line goes on where it left at the other side. */
  function hatch(colour) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = HATCH_SIDE;
    const ctx = canvas.getContext("2d");
    ctx.fillStyle = colour;
    ctx.fillRect(0, 0, HATCH_SIDE, HATCH_SIDE);
    ctx.strokeStyle = HATCH_INK;
    ctx.lineWidth = 1.2;
    for (const shift of [-HATCH_SIDE, 0, HATCH_SIDE]) {
      ctx.beginPath();
      ctx.moveTo(shift - 1, HATCH_SIDE + 1);
      ctx.lineTo(shift + HATCH_SIDE + 1, -1);
      ctx.stroke();
    }
    return ctx.createPattern(canvas, "repeat");
  }

  class Desk {
    constructor(map, page) {
      this.map = map;
      this.page = page;
      this.values = null;
      this.chosen = "";
      this.fire = "";
      this.polygons = new Map();
      this.seen = {};
      this.hatches = new Map();
      this.kept = this.recall();
      this.finger = window.matchMedia("(pointer: coarse)").matches;
      this.makePanes();
      this.makeLayers();
      this.sketch = new desk.Sketch(this);
      this.outline = this.read(page.outline, "json").then((outline) => this.drawOutline(outline));
      this.outline.catch(() => this.notice("outline_missing"));
      window.addEventListener("message", (event) => {
        if (event.source !== window.parent || event.origin !== location.origin) return;
        if (event.data.desk === "values") this.apply(event.data.values);
      });
      map.on("moveend", () => this.keep());
      const far = () => map.getContainer().classList.toggle("desk-far", map.getZoom() < page.small_marks_below);
      map.on("zoomend viewreset", far);
      // On a phone a card needs the room of the buttons.
      map.on("popupopen", () => map.getContainer().classList.add("desk-reading"));
      map.on("popupclose", () => map.getContainer().classList.remove("desk-reading"));
      map.on("click", (event) => this.clicked(event, null));
      map.on("mousemove", (event) => this.pointAt(event));
      if (window.parent !== window) window.parent.postMessage({ desk: "ready" }, location.origin);
    }

    // ---- words, memory, reading ------------------------------------------------------------------------------

    word(key) {
      const lang = this.values ? this.values.lang : "th";
      return (this.page.words[lang] && this.page.words[lang][key]) || key;
    }

    name(thing) {
      return this.values && this.values.lang === "en" ? thing.en || thing.th : thing.th || thing.en;
    }

    /** The view outlives this page: a rerun, another page or a reload of the tab shows the same piece of land. */
    recall() {
      try {
        return JSON.parse(sessionStorage.getItem("haze-desk:" + this.page.place)) || {};
      } catch {
        return {};
      }
    }

    keep() {
      if (!this.placed) return;
      const at = this.map.getCenter();
      this.kept.view = [at.lat, at.lng, this.map.getZoom()];
      try {
        sessionStorage.setItem("haze-desk:" + this.page.place, JSON.stringify(this.kept));
      } catch {
        // A browser that keeps nothing still shows the map.
      }
    }

    /** Files carry the hash of their content in the name, so a stored copy is always the right one. */
    async read(url, kind) {
      const reply = await fetch(url, { cache: "force-cache" });
      if (!reply.ok) throw new Error(url + ": " + reply.status);
      return kind === "json" ? reply.json() : reply.arrayBuffer();
    }

    notice(key) {
      if (!this.noticeBox) {
        this.noticeBox = element("div", "desk-notice");
        this.noticeBox.setAttribute("role", "status");
        this.map.getContainer().appendChild(this.noticeBox);
      }
      this.noticeBox.textContent = key ? this.word(key) : "";
      this.noticeBox.hidden = !key;
    }

    // ---- layers ------------------------------------------------------------------------------------------------

    makePanes() {
      const panes = { tambons: 400, grid: 405, amphoes: 410, chosen: 420, fires: 423, shapes: 425 };
      Object.assign(panes, { points: 430, badges: 435, names: 440, marks: 600 });
      for (const [name, z] of Object.entries(panes)) {
        const pane = this.map.createPane(name);
        pane.style.zIndex = z;
        // Clicks go through everything that is only drawn, down to the tambons.
        if (!["tambons", "badges", "marks"].includes(name)) pane.style.pointerEvents = "none";
      }
    }

    makeLayers() {
      const canvas = (pane) => L.canvas({ pane, padding: 0.25 });
      this.renderers = { tambons: canvas("tambons"), amphoes: canvas("amphoes"), chosen: canvas("chosen"), fires: canvas("fires") };
      this.layers = {
        tambons: L.featureGroup(),
        grid: new desk.GridLayer({ pane: "grid" }),
        points: new desk.PointLayer({ pane: "points", ...this.page.points }),
        stations: L.layerGroup(),
        fires: L.layerGroup(),
        sites: L.layerGroup(),
        names: new desk.NameLayer({
          pane: "names",
          tambonsFrom: this.page.tambon_names_from,
          smallBelow: this.page.small_marks_below,
        }),
      };
      this.borders = L.layerGroup().addTo(this.map);
      this.layers.tambons.addTo(this.map);
      this.tip = L.tooltip({ className: "desk-tip", direction: "top", offset: [0, -6], opacity: 1 });
      this.tip.options.interactive = false;
    }

    drawOutline(outline) {
      const [west, south, east, north] = outline.bounds;
      this.bounds = L.latLngBounds([south, west], [north, east]);
      this.map.setMaxBounds(this.bounds.pad(1.5));
      this.outlineData = outline;
      for (const tambon of outline.tambons) {
        const rings = tambon.polygons.map((polygon) => polygon.map((ring) => desk.line(ring, outline.scale)));
        const polygon = L.polygon(rings, {
          renderer: this.renderers.tambons,
          color: "#8c8a80",
          weight: 0.7,
          fillColor: NO_VALUE,
          fillOpacity: 1,
          smoothFactor: 0.6,
          bubblingMouseEvents: false,
        });
        polygon.tambon = tambon;
        polygon.on("click", (event) => this.clicked(event, tambon));
        polygon.on("mouseover", (event) => this.over(event, polygon));
        polygon.on("mousemove", (event) => this.pointAt(event, polygon));
        polygon.on("mouseout", () => this.out(polygon));
        this.polygons.set(tambon.code, polygon);
        this.layers.tambons.addLayer(polygon);
      }
      const styles = { amphoe: { color: "#59625f", weight: 1.5 }, province: { color: "#2d3a3f", weight: 2.6 } };
      for (const [kind, style] of Object.entries(styles)) {
        const lines = outline.lines[kind].map((flat) => desk.line(flat, outline.scale));
        const drawn = { ...style, renderer: this.renderers.amphoes, interactive: false, smoothFactor: 0.6 };
        this.borders.addLayer(L.polyline(lines, drawn));
      }
      // A phone that is turned, or a side bar that opens, changes the room the map has. The first answer comes at
      // once, or, on a tab that is still hidden, when the tab is opened.
      new ResizeObserver(() => this.fitRoom()).observe(this.map.getContainer());
      this.fitRoom();
    }

    fitRoom() {
      this.map.invalidateSize({ animate: false, pan: false });
      if (this.placed || !this.map.getSize().x) return;
      this.placed = true;
      if (this.kept.view) this.map.setView(this.kept.view.slice(0, 2), this.kept.view[2], { animate: false });
      else this.home(false);
    }

    home(animate) {
      if (this.bounds) this.map.fitBounds(this.bounds, { paddingTopLeft: [6, 6], paddingBottomRight: [6, 24], animate });
    }

    // ---- values ------------------------------------------------------------------------------------------------

    async apply(values) {
      const turn = (this.turn = (this.turn || 0) + 1);
      const before = this.values;
      this.values = values;
      try {
        await this.outline;
      } catch {
        return;
      }
      // Values that came while the outline was on its way make these old.
      if (turn !== this.turn) return;
      document.documentElement.lang = values.lang;
      if (!before || before.lang !== values.lang || !this.controls) {
        this.map.closePopup();
        this.drawNames();
      }
      this.colour();
      if (this.changed("grid")) this.layers.grid.load(this.values.grid);
      this.loadPoints();
      this.drawStations();
      this.drawFires();
      this.drawSites();
      this.makeControls();
      this.choose(values.chosen, true);
      this.centreFire();
      this.sketch.set(values.drawing);
      if (this.tipFor && this.map.hasLayer(this.tip)) this.showTip(this.tip.getLatLng(), this.tipFor);
      this.drawn = turn;
    }

    colour() {
      const opaque = this.tiles ? 0.55 : 1;
      const hatched = new Set(this.values.hatched);
      for (const [code, polygon] of this.polygons) {
        const value = this.values.tambons[code];
        const plain = value && value[0] !== null ? this.values.colours[value[0]] : NO_VALUE;
        // Leaflet's canvas takes whatever a canvas can fill with.
        const fill = hatched.has(code) ? this.hatched(plain) : plain;
        const options = polygon.options;
        if (options.fillColor !== fill || options.fillOpacity !== opaque) {
          polygon.setStyle({ fillColor: fill, fillOpacity: opaque });
        }
      }
    }

    hatched(colour) {
      if (!this.hatches.has(colour)) this.hatches.set(colour, hatch(colour));
      return this.hatches.get(colour);
    }

    async loadPoints() {
      const { points, show } = this.values;
      const layer = this.layers.points;
      if (!points) {
        this.seen.points = "";
        layer.load(null);
        return;
      }
      const news = this.changed("show");
      if (this.seen.points === points) {
        if (news) layer.choose(show);
        return;
      }
      this.seen.points = points;
      try {
        const read = desk.points(await this.read(points, "bytes"));
        // A newer file may have been asked for in the meantime.
        if (this.seen.points !== points) return;
        layer.choose(this.values.show);
        layer.load(read);
        this.notice("");
      } catch {
        if (this.seen.points !== points) return;
        this.seen.points = "";
        layer.load(null);
        this.notice("points_missing");
      }
    }

    drawNames() {
      const amphoes = this.outlineData.amphoes.map((one) => ({ kind: "amphoe", text: this.name(one), at: one.at }));
      const tambons = this.outlineData.tambons.map((one) => ({ kind: "tambon", text: this.name(one), at: one.at }));
      this.layers.names.load(amphoes.concat(tambons));
      for (const face of ["600 14px Sarabun", "500 12px Sarabun", "700 13px Sarabun"]) {
        document.fonts.load(face, "กA").then(() => this.layers.names.forgetWidths(), () => {});
      }
    }

    /** True when a part of the values differs from the last time, so that unchanged marks stay where they are. */
    changed(part) {
      const now = JSON.stringify([this.values[part], this.values.lang]);
      if (this.seen[part] === now) return false;
      this.seen[part] = now;
      return true;
    }

    mark(at, node, size, title, className) {
      const icon = L.divIcon({ html: node, className: "desk-mark " + className, iconSize: [size, size] });
      return L.marker(at, { icon, pane: "marks", title, alt: title, riseOnHover: true, bubblingMouseEvents: false });
    }

    drawStations() {
      if (!this.changed("stations")) return;
      this.layers.stations.clearLayers();
      for (const station of this.values.stations) {
        const [tag, attributes] = STATION_SHAPES[station.shape] || STATION_SHAPES.circle;
        const paint = { fill: station.colour, stroke: "#1f2a2e", "stroke-width": 1.5 };
        const node = element("div", "desk-station desk-" + (tag === "path" ? station.shape : tag));
        node.appendChild(drawing(34, [tag, { ...attributes, ...paint }]));
        const number = element("span", "", station.value);
        number.style.color = station.ink;
        node.appendChild(number);
        const marker = this.mark([station.lat, station.lon], node, 34, station.name, "");
        marker.on("click", () => this.popup([station.lat, station.lon], this.card(station.name, station.lines)));
        this.layers.stations.addLayer(marker);
      }
    }

    /** Burned ground to scale, and a mark that can be found and touched from far. */
    drawFires() {
      if (!this.changed("fires") & !this.changed("fire")) return;
      this.layers.fires.clearLayers();
      for (const fire of this.values.fires) {
        const rings = fire.rings.map((ring) => [ring.map(([lon, lat]) => [lat, lon])]);
        const paint = { renderer: this.renderers.fires, interactive: false };
        if (fire.name === this.values.fire) {
          for (const [color, weight] of [["#ffffff", 11], ["#0f3f47", 7]]) {
            this.layers.fires.addLayer(L.polygon(rings, { ...paint, color, weight, fill: false, lineJoin: "round" }));
          }
        }
        this.layers.fires.addLayer(
          L.polygon(rings, { ...paint, color: fire.colour, weight: 2, fillColor: fire.colour, fillOpacity: 0.25 })
        );
        const flame = { d: "M9 1 C12 5 15 8 15 12 A6 6 0 0 1 3 12 C3 9 5 8 6 5 C7 7 8 7 9 1 Z" };
        const node = drawing(18, ["path", { ...flame, fill: fire.colour, stroke: "#ffffff", "stroke-width": 1.2 }]);
        const marker = this.mark([fire.lat, fire.lon], node, 18, fire.name, "");
        marker.on("click", () => this.popup([fire.lat, fire.lon], this.card(fire.name, fire.lines)));
        this.layers.fires.addLayer(marker);
      }
    }

    /** Bring a fire that was newly chosen (in the list, by a link) to the middle, near enough to see its ground. */
    centreFire() {
      if (this.values.fire === this.fire) return;
      this.fire = this.values.fire;
      const chosen = this.values.fires.find((fire) => fire.name === this.fire);
      if (chosen) this.map.setView([chosen.lat, chosen.lon], Math.max(this.map.getZoom(), 13));
    }

    drawSites() {
      if (!this.changed("sites") & !this.changed("site_counts") & !this.changed("site_shapes")) return;
      this.layers.sites.clearLayers();
      for (const site of this.values.site_shapes) {
        const style = { color: site.colour, weight: 4, fillOpacity: 0.25, dashArray: site.planned ? "3 7" : null };
        const shape = L.geoJSON(site.geometry, { style, pane: "shapes", bubblingMouseEvents: false });
        shape.on("click", (event) => {
          if (this.sketch.active) this.sketch.add(event.latlng);
          else this.popup(event.latlng, this.card(site.name, site.lines));
        });
        this.layers.sites.addLayer(shape);
      }
      for (const site of this.values.sites) {
        const pin = { d: "M14 27 C8 19 4 15 4 10.5 A10 10 0 0 1 24 10.5 C24 15 20 19 14 27 Z" };
        const node = drawing(
          28,
          ["path", { ...pin, fill: site.planned ? "#ffffff" : site.colour, stroke: site.planned ? site.colour : "#ffffff", "stroke-width": 2 }],
          ["circle", { cx: 14, cy: 10.5, r: 4, fill: site.planned ? site.colour : "#ffffff" }]
        );
        const marker = this.mark([site.lat, site.lon], node, 28, site.name, "");
        marker.options.icon.options.iconAnchor = [14, 27];
        marker.on("click", () => this.popup([site.lat, site.lon], this.card(site.name, site.lines)));
        this.layers.sites.addLayer(marker);
      }
      // Known by its tambon only: a number at the name of the tambon, never a point that looks exact.
      for (const [code, count] of Object.entries(this.values.site_counts)) {
        const polygon = this.polygons.get(code);
        if (!polygon) continue;
        const at = [polygon.tambon.at[1], polygon.tambon.at[0]];
        const badge = this.mark(at, element("span", "desk-badge", String(count)), 24, this.word("sites_here"), "");
        badge.options.icon.options.iconAnchor = [12, 30];
        // A count may hide land, but never the name of an amphoe.
        badge.options.pane = "badges";
        const said = [`${this.word("sites_here")}: ${count}`];
        badge.on("click", () => this.popup(at, this.card(this.fullName(polygon.tambon), said)));
        this.layers.sites.addLayer(badge);
      }
    }

    // ---- what a person does ------------------------------------------------------------------------------------

    fullName(tambon) {
      const amphoe = this.outlineData.amphoes.find((one) => one.code === tambon.amphoe);
      return this.word("full_name")
        .replace("{tambon}", () => this.name(tambon))
        .replace("{amphoe}", () => (amphoe ? this.name(amphoe) : ""));
    }

    card(title, lines) {
      const card = element("div", "desk-card");
      card.appendChild(element("strong", "", title));
      for (const line of lines || []) card.appendChild(element("div", "", line));
      return card;
    }

    popup(at, node) {
      const room = this.map.getSize().x - 60;
      L.popup({ maxWidth: Math.min(300, room), minWidth: Math.min(220, room), autoPanPadding: [12, 12] })
        .setLatLng(at)
        .setContent(node)
        .openOn(this.map);
    }

    over(event, polygon) {
      polygon.setStyle({ weight: 2.4, color: "#1f2a2e" });
      polygon.bringToFront();
      this.showTip(event.latlng, polygon.tambon);
    }

    out(polygon) {
      polygon.setStyle({ weight: 0.7, color: "#8c8a80" });
      this.map.closeTooltip(this.tip);
    }

    showTip(at, tambon) {
      if (!this.values) return;
      this.tipFor = tambon;
      const value = this.values.tambons[tambon.code];
      const node = element("div", "desk-card");
      node.appendChild(element("strong", "", this.fullName(tambon)));
      const said = value && value[1] !== "" ? value[1] : this.word("no_value");
      const [head, ...lines] = said.split("\n");
      const words = [this.values.tip[0], head, value && value[1] !== "" ? this.values.tip[1] : ""];
      node.appendChild(element("div", "", words.filter(Boolean).join(" ")));
      for (const line of lines) node.appendChild(element("div", "", line));
      this.tip.setLatLng(at).setContent(node);
      this.map.openTooltip(this.tip);
    }

    pointAt(event, polygon) {
      if (polygon && this.map.hasLayer(this.tip)) this.tip.setLatLng(event.latlng);
      const near = this.pointsShown() && this.layers.points.nearest(event.containerPoint, NEAR_MOUSE);
      this.map.getContainer().classList.toggle("desk-on-point", Boolean(near));
    }

    pointsShown() {
      return this.map.hasLayer(this.layers.points);
    }

    clicked(event, tambon) {
      if (this.sketch.active) {
        this.sketch.add(event.latlng);
        return;
      }
      const reach = this.finger ? NEAR_FINGER : NEAR_MOUSE;
      const point = this.pointsShown() ? this.layers.points.nearest(event.containerPoint, reach) : null;
      if (point) {
        this.map.closeTooltip(this.tip);
        this.popup([point.lat, point.lon], this.detection(point));
        return;
      }
      if (!tambon) return;
      if (this.finger) this.showTip(event.latlng, tambon);
      if (tambon.code === this.chosen) return;
      this.choose(tambon.code, false);
      this.tell(tambon.code);
    }

    tell(code) {
      if (window.parent !== window) window.parent.postMessage({ desk: "clicked", code }, location.origin);
    }

    tellDrawn(geometry) {
      if (window.parent !== window) window.parent.postMessage({ desk: "drawn", geometry }, location.origin);
    }

    /** Outline the chosen tambon. One that was chosen elsewhere (a list, a link) is brought into view. */
    choose(code, fromOutside) {
      const news = code !== this.chosen;
      this.chosen = code;
      if (!news) return;
      if (this.frame) this.frame.remove();
      this.frame = null;
      const polygon = this.polygons.get(code);
      if (!polygon) return;
      const shape = polygon.getLatLngs();
      const style = { renderer: this.renderers.chosen, interactive: false, fill: false, lineJoin: "round" };
      this.frame = L.layerGroup([
        L.polygon(shape, { ...style, color: "#ffffff", weight: 7 }),
        L.polygon(shape, { ...style, color: "#0f3f47", weight: 3.6 }),
      ]).addTo(this.map);
      if (fromOutside && !this.map.getBounds().contains(polygon.getBounds())) {
        this.map.fitBounds(polygon.getBounds(), { maxZoom: 11, padding: [30, 30] });
      }
    }

    detection(point) {
      const card = element("div", "desk-card");
      card.appendChild(element("strong", "", desk.localTime(point.minute, this.values.lang)));
      const rows = element("dl");
      const row = (label, text, copy) => {
        rows.appendChild(element("dt", "", label));
        const cell = element("dd", "", "");
        cell.appendChild(element("span", copy ? "desk-pick" : "", text));
        if (copy) cell.appendChild(this.copyButton(copy));
        rows.appendChild(cell);
      };
      row(this.word("pass"), this.word(point.day ? "pass_day" : "pass_night"));
      row(this.word("satellite"), this.word("satellite_" + point.satellite));
      if (point.confidence) row(this.word("confidence"), this.word("confidence_" + point.confidence));
      if (point.frp !== null) row(this.word("frp"), (point.frpCapped ? "≥ " : "") + point.frp.toFixed(1) + " MW");
      const degrees = point.lat.toFixed(5) + ", " + point.lon.toFixed(5);
      row(this.word("position"), degrees, degrees);
      const utm = desk.utm(point.lon, point.lat);
      row(`UTM ${utm.zone}`, `${utm.east} E ${utm.north} N`, `${utm.zone} ${utm.east} ${utm.north}`);
      card.appendChild(rows);
      if (point.placed) card.appendChild(element("p", "desk-caution", this.word("placed")));
      return card;
    }

    copyButton(text) {
      const button = element("button", "desk-copy", this.word("copy"));
      button.type = "button";
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(text);
          button.textContent = this.word("copied");
        } catch {
          // Without the right to the clipboard (plain http) the text is marked, ready for Ctrl+C.
          window.getSelection().selectAllChildren(button.previousSibling);
        }
      });
      return button;
    }

    // ---- controls ----------------------------------------------------------------------------------------------

    makeControls() {
      const { lang, layers, credit } = this.values;
      const offered = Object.keys(layers);
      const signature = JSON.stringify([lang, layers, credit]);
      if (this.seen.controls === signature) return;
      this.seen.controls = signature;
      for (const control of this.controls || []) control.remove();
      const wanted = { ...layers, ...this.kept.layers };
      for (const [name, layer] of Object.entries(this.layers)) {
        const on = offered.includes(name) && wanted[name];
        if (name === "tambons") this.showFill(on);
        else if (on) layer.addTo(this.map);
        else layer.remove();
      }
      this.controls = [
        this.control("topleft", this.zoomBar()),
        this.control("topright", this.layerPanel(offered, wanted)),
        L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 110 }).addTo(this.map),
        this.control("bottomright", element("div", "desk-credit", credit)),
      ];
      this.creditBox = this.controls[3].getContainer();
      if (this.kept.base && !this.tiles) this.useBase(this.kept.base);
    }

    control(position, node) {
      const control = new (L.Control.extend({ onAdd: () => node }))({ position });
      L.DomEvent.disableClickPropagation(node).disableScrollPropagation(node);
      return control.addTo(this.map);
    }

    button(label, content, act) {
      const button = element("button", "desk-button");
      button.type = "button";
      button.title = label;
      button.setAttribute("aria-label", label);
      button.append(content);
      button.addEventListener("click", act);
      return button;
    }

    zoomBar() {
      const line = { fill: "none", stroke: "#26343b", "stroke-width": 2, "stroke-linecap": "round" };
      const bar = element("div", "desk-bar leaflet-bar");
      const house = ["path", { ...line, "stroke-linejoin": "round", d: "M2 9 L9 3 L16 9 M4 8 V15.5 H14 V8" }];
      bar.append(
        this.button(this.word("zoom_in"), drawing(18, ["path", { ...line, d: "M9 3 V15 M3 9 H15" }]), () => this.map.zoomIn()),
        this.button(this.word("zoom_out"), drawing(18, ["path", { ...line, d: "M3 9 H15" }]), () => this.map.zoomOut()),
        this.button(this.word("home"), drawing(18, house), () => {
          this.map.closePopup();
          this.home(true);
          if (!this.chosen) return;
          this.choose("", false);
          this.tell("");
        })
      );
      return bar;
    }

    layerPanel(offered, wanted) {
      const panel = element("div", "desk-panel leaflet-bar");
      const body = element("div", "desk-panel-body");
      const open = element("button", "desk-panel-open", this.word("layers"));
      open.type = "button";
      body.hidden = !this.panelOpen;
      open.setAttribute("aria-expanded", String(!body.hidden));
      open.addEventListener("click", () => {
        body.hidden = !body.hidden;
        this.panelOpen = !body.hidden;
        open.setAttribute("aria-expanded", String(!body.hidden));
      });
      const choice = (type, group, label, checked, act) => {
        const row = element("label", "desk-choice");
        const box = element("input");
        box.type = type;
        box.name = group;
        box.checked = checked;
        box.addEventListener("change", () => act(box.checked));
        row.append(box, element("span", "", label));
        body.appendChild(row);
      };
      for (const name of offered) {
        choice("checkbox", name, this.word(name), Boolean(wanted[name]), (on) => {
          this.kept.layers = { ...this.kept.layers, [name]: on };
          this.keep();
          if (name === "tambons") this.showFill(on);
          else if (on) this.layers[name].addTo(this.map);
          else this.layers[name].remove();
        });
      }
      if (this.page.base_maps.length) {
        body.appendChild(element("div", "desk-panel-title", this.word("base_map")));
        const now = this.kept.base || "";
        choice("radio", "base", this.word("base_none"), now === "", () => this.useBase(""));
        for (const base of this.page.base_maps) {
          choice("radio", "base", this.name(base), now === base.id, () => this.useBase(base.id));
        }
      }
      panel.append(open, body);
      return panel;
    }

    /** Without its fill a tambon still answers to a tap: the fill is made clear, not taken away. */
    showFill(on) {
      this.map.getPane("tambons").style.opacity = on ? 1 : 0.001;
    }

    useBase(id) {
      const base = this.page.base_maps.find((one) => one.id === id);
      this.kept.base = base ? id : "";
      this.keep();
      if (this.tiles) this.tiles.remove();
      this.tiles = null;
      this.notice("");
      if (base) {
        this.tiles = L.tileLayer(base.url, { maxNativeZoom: base.max_zoom, maxZoom: 18, crossOrigin: null });
        this.tiles.on("tileerror", () => this.notice("tiles_missing"));
        this.tiles.on("tileload", () => this.notice(""));
        this.tiles.addTo(this.map);
      }
      if (this.creditBox) {
        this.creditBox.textContent = [this.values.credit, base ? base.credit : ""].filter(Boolean).join(" · ");
      }
      this.colour();
    }
  }

  /** Begin: `map` is the Leaflet map that Folium made, `page` what layers/map.py wrote into the page. */
  desk.start = function (map, page) {
    desk.now = new Desk(map, page);
  };
})(window.HazeDesk);
