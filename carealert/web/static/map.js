// Draws what the office knows: its areas as ground, warned areas, facilities. No tiles, no requests
// to anybody else. The lists on the page are the equivalent for keyboard and screen reader.
"use strict";
(() => {
  const box = document.getElementById("map");
  if (!box || typeof L === "undefined") return;
  box.replaceChildren();

  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(box, {
    attributionControl: false,
    zoomAnimation: !calm,
    fadeAnimation: !calm,
    markerZoomAnimation: !calm,
    scrollWheelZoom: false, // the page must scroll past it
    minZoom: 3,
    maxZoom: 14,
  });
  L.control.scale({ imperial: false }).addTo(map);
  const ground = L.geoJSON(null, { style: { className: "place" }, interactive: false }).addTo(map);
  const warned = L.geoJSON(null, { style: areaStyle, onEachFeature: tellArea }).addTo(map);
  const points = L.geoJSON(null, { pointToLayer: marker }).addTo(map);
  let framed = false;

  const ABOVE = ["evacuating", "no_response", "closed", "limited", "asked"]; // who needs you is on top
  const words = (code) => (code || "not stated").replaceAll("_", " ");

  function areaStyle(feature) {
    const level = (feature.properties.severity || "unknown").toLowerCase();
    return { className: `warned sev-${level}` };
  }

  function tellArea(feature, layer) {
    const p = feature.properties;
    layer.bindTooltip(text(`${p.event} (${p.severity || "severity not stated"})`, p.area), { sticky: true });
    layer.on("click", () => {
      if (!location.pathname.endsWith(p.incident)) location.assign(`/incidents/${p.incident}`);
    });
  }

  function marker(feature, place) {
    const p = feature.properties;
    const icon = L.divIcon({ className: `pin is-${p.status}`, html: shape(p.status), iconSize: [26, 26] });
    const label = `${p.name}: ${words(p.status)}`;
    return L.marker(place, { icon, alt: label, title: label, keyboard: true, zIndexOffset: rise(p.status) })
      .bindPopup(text(p.name, `${words(p.type)}: ${words(p.status)}`));
  }

  function rise(status) {
    const place = ABOVE.indexOf(status);
    return place < 0 ? 0 : (ABOVE.length - place) * 1000;
  }

  function shape(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${box.dataset.icons}#${name}`);
    svg.append(use);
    return svg;
  }

  function text(head, line) { // as nodes, never as HTML: names come from other people's files
    const part = document.createElement("div");
    const bold = document.createElement("b");
    bold.textContent = head;
    part.append(bold, document.createElement("br"), line || "");
    return part;
  }

  function frame() {
    if (framed) return;
    const bounds = points.getBounds();
    const worst = warned.getLayers()[0]?.feature.properties.incident; // the worst comes first
    for (const layer of warned.getLayers()) {
      if (layer.feature.properties.incident === worst) bounds.extend(layer.getBounds());
    }
    if (!bounds.isValid()) bounds.extend(ground.getBounds());
    if (bounds.isValid()) {
      map.fitBounds(bounds.pad(0.04), { animate: false, maxZoom: 12 });
      framed = true;
    } else {
      map.setView([0, 0], 3, { animate: false });
    }
  }

  async function load(address) {
    const answer = await fetch(address, { headers: { Accept: "application/geo+json" } });
    if (!answer.ok) throw new Error(`the map's data did not come: ${answer.status}`);
    return answer.json();
  }

  async function refresh() {
    const data = await load(box.dataset.source);
    const of = (kind) => data.features.filter((feature) => feature.properties.kind === kind);
    if (document.activeElement && box.contains(document.activeElement) && points.getLayers().length) return;
    warned.clearLayers().addData(of("warned"));
    points.clearLayers().addData(of("facility"));
    frame();
  }

  async function start() {
    try {
      ground.addData(await load(box.dataset.places));
      await refresh();
      box.dataset.ready = "yes";
    } catch (problem) {
      box.textContent = "The map cannot be drawn now. The lists on this page hold the same facts.";
      console.warn(problem);
    }
  }

  document.addEventListener("board:changed", () => refresh().catch((problem) => console.warn(problem)));
  start();
})();
