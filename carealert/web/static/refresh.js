// Keeps the board honest while it refreshes: says what changed, says when the server is silent,
// lets people pause, and keeps open what they opened. Without it the pages still work.
"use strict";
(() => {
  const SILENT_AFTER_MS = 12000;
  const live = document.getElementById("live");
  const banner = document.getElementById("connection");
  let lastHeard = Date.now();
  let paused = false;
  let opened = new Map();

  const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

  function announce() {
    const summary = document.getElementById("summary");
    if (summary && live.textContent !== summary.textContent) live.textContent = summary.textContent;
  }

  function showConnection() {
    const silent = !paused && Date.now() - lastHeard > SILENT_AFTER_MS;
    if (banner.hidden !== silent) return;
    banner.textContent = silent
      ? `No answer from the server since ${clock(lastHeard)}. What you see may be out of date.`
      : "";
    banner.hidden = !silent;
  }

  function addPause() {
    if (!document.getElementById("board")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.id = "pause";
    const label = () => {
      button.textContent = paused ? "Resume updates" : "Pause updates";
      button.setAttribute("aria-pressed", String(paused));
    };
    button.addEventListener("click", () => {
      paused = !paused;
      lastHeard = Date.now();
      label();
    });
    label();
    document.getElementById("updates").append(button);
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (paused || document.hidden) {
      event.preventDefault();
      lastHeard = Date.now(); // not asked, so not silent
    }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) lastHeard = Date.now();
    showConnection();
  });
  document.addEventListener("htmx:beforeSwap", () => {
    opened = new Map([...document.querySelectorAll("#board details[id]")].map((d) => [d.id, d.open]));
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const [id, open] of opened) {
      const details = document.getElementById(id);
      if (details) details.open = open;
    }
    announce();
    document.dispatchEvent(new CustomEvent("board:changed"));
  });
  document.addEventListener("visibilitychange", () => {
    lastHeard = Date.now();
  });
  setInterval(showConnection, 2000);
  addPause();
  announce();
})();
