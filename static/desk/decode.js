// What the map page reads: the outline of the tambons, the packed detections, positions and times as people write them.
// Pure functions on numbers and text; never touches the page, the map or the network.
// The packing is described in layers/map.py (outline_payload, points_payload).
window.HazeDesk = window.HazeDesk || {};
(function (desk) {
  "use strict";

  /** Turn one flat list [x, y, dx, dy, ...] of integers into [[lat, lon], ...]. */
  desk.line = function (flat, scale) {
    const out = new Array(flat.length / 2);
    let x = 0;
    let y = 0;
    for (let i = 0; i < flat.length; i += 2) {
      x += flat[i];
      y += flat[i + 1];
      out[i / 2] = [y / scale, x / scale];
    }
    return out;
  };

  /** Web Mercator with the whole world as the unit square; Leaflet's pixels at zoom z are these times 256 * 2^z. */
  desk.unit = function (lon, lat) {
    const s = Math.sin((lat * Math.PI) / 180);
    return [lon / 360 + 0.5, 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)];
  };

  /** Read a points file. Columns stay typed arrays: 50,000 detections cost no 50,000 objects. */
  desk.points = function (buffer) {
    const view = new DataView(buffer);
    if (view.getUint32(0, false) !== 0x48445031) throw new Error("not a points file"); // "HDP1"
    const start = 8 + view.getUint32(4, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, start - 8)));
    const n = head.n;
    const lon = new Int32Array(buffer, start, n);
    const lat = new Int32Array(buffer, start + 4 * n, n);
    const minute = new Uint32Array(buffer, start + 8 * n, n);
    const frp = new Uint16Array(buffer, start + 12 * n, n);
    const flags = new Uint8Array(buffer, start + 14 * n, n);
    const x = new Float64Array(n);
    const y = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const at = desk.unit(lon[i] / head.scale, lat[i] / head.scale);
      x[i] = at[0];
      y[i] = at[1];
    }
    const one = (i) => ({
      lon: lon[i] / head.scale,
      lat: lat[i] / head.scale,
      minute: minute[i],
      frp: frp[i] === head.frp_missing ? null : frp[i] / 10,
      frpCapped: frp[i] === head.frp_missing - 1,
      satellite: head.satellites[flags[i] & 7] || "",
      confidence: head.confidences[(flags[i] >> 3) & 3] || "",
      day: Boolean(flags[i] & 32),
      placed: Boolean(flags[i] & 64),
    });
    return { n, x, y, minute, flags, satellites: head.satellites, confidences: head.confidences, one };
  };

  /** Index of the first entry of the ascending array that is not below the value. */
  desk.lowerBound = function (sorted, value) {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (sorted[mid] < value) low = mid + 1;
      else high = mid;
    }
    return low;
  };

  /**
   * WGS84 to UTM as crews write it: zone with band letter, easting and northing in metres.
   * Transverse Mercator series of Krueger to the third order in n (below a millimetre inside a zone).
   */
  desk.utm = function (lon, lat) {
    const a = 6378137;
    const f = 1 / 298.257223563;
    const n = f / (2 - f);
    const zone = Math.floor((lon + 180) / 6) + 1;
    const band = "CDEFGHJKLMNPQRSTUVWX"[Math.min(19, Math.floor((lat + 80) / 8))];
    const phi = (lat * Math.PI) / 180;
    const lambda = ((lon - (zone * 6 - 183)) * Math.PI) / 180;
    const k = (2 * Math.sqrt(n)) / (1 + n);
    const t = Math.sinh(Math.atanh(Math.sin(phi)) - k * Math.atanh(k * Math.sin(phi)));
    const xi = Math.atan2(t, Math.cos(lambda));
    const eta = Math.atanh(Math.sin(lambda) / Math.sqrt(1 + t * t));
    const alpha = [
      n / 2 - (2 * n * n) / 3 + (5 * n ** 3) / 16,
      (13 * n * n) / 48 - (3 * n ** 3) / 5,
      (61 * n ** 3) / 240,
    ];
    const radius = (a / (1 + n)) * (1 + (n * n) / 4 + n ** 4 / 64);
    let east = eta;
    let north = xi;
    alpha.forEach((c, i) => {
      const j = 2 * (i + 1);
      east += c * Math.cos(j * xi) * Math.sinh(j * eta);
      north += c * Math.sin(j * xi) * Math.cosh(j * eta);
    });
    return {
      zone: zone + band,
      east: Math.round(500000 + 0.9996 * radius * east),
      north: Math.round((lat < 0 ? 10000000 : 0) + 0.9996 * radius * north),
    };
  };

  /** A UTC minute as Thai local time; Buddhist year in Thai, common year in English. */
  desk.localTime = function (minute, lang) {
    const thai = lang === "th";
    const text = new Intl.DateTimeFormat(thai ? "th-TH-u-ca-buddhist-nu-latn" : "en-GB", {
      timeZone: "Asia/Bangkok",
      day: "numeric",
      month: "short",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    }).format(new Date(minute * 60000));
    return thai ? text + " น." : text;
  };
})(window.HazeDesk);
