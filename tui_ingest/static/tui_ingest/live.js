// Refreshes the parts of a page that change. Without it the page can be read, and reloaded.
"use strict";
(() => {
  const live = document.querySelector("[data-live]");
  if (!live) return;

  const AT_LEAST = 1000; // milliseconds between two looks
  const SPARE = 10; // and so many times what the last look took: many viewers cost little
  const AT_MOST = 30000;
  const AFTER_TROUBLE = 2000;
  const PATIENCE = 10000; // milliseconds, before no answer is called that
  const RATE_OVER = 5000; // milliseconds over which a rate is averaged
  const BARS = "▁▂▃▄▅▆▇█";
  const MOST_BARS = 60;

  const asOf = document.getElementById("tui-as-of");
  const now = document.getElementById("tui-now");
  const trouble = document.getElementById("tui-trouble");
  const shown = new Map(); // part -> as the server wrote it
  const looks = new Map(); // log -> [[milliseconds, records counted], …]
  const bars = new Map(); // log -> [records per second, …]

  for (const part of live.querySelectorAll("[data-part]")) shown.set(part.id, part.innerHTML);

  function replace(part, fresh) {
    const html = fresh.innerHTML;
    if (shown.get(part.id) === html) return;
    const selection = document.getSelection();
    if (!selection.isCollapsed && part.contains(selection.anchorNode)) return; // being copied
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    shown.set(part.id, html);
    part.replaceChildren(...fresh.childNodes);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  function measure() {
    const at = performance.now();
    for (const cell of live.querySelectorAll("[data-rate]")) {
      const log = cell.dataset.rate;
      const records = Number(cell.dataset.records);
      const seen = looks.get(log) ?? [];
      const last = seen.at(-1);
      if (last && at - last[0] > 100) {
        const history = bars.get(log) ?? [];
        history.push(Math.max(0, ((records - last[1]) * 1000) / (at - last[0])));
        bars.set(log, history.slice(-MOST_BARS));
      }
      seen.push([at, records]);
      while (at - seen[0][0] > RATE_OVER) seen.shift();
      looks.set(log, seen);
      const [start, before] = seen[0];
      if (at > start) {
        const rate = Math.max(0, ((records - before) * 1000) / (at - start));
        cell.textContent = rate.toLocaleString("en", { maximumFractionDigits: rate < 10 ? 1 : 0 });
      }
    }
    for (const strip of live.querySelectorAll("[data-bars]")) {
      const history = bars.get(strip.dataset.bars) ?? [];
      const peak = Math.max(1, ...history);
      const level = (rate) => BARS[Math.round((rate / peak) * (BARS.length - 1))];
      strip.textContent = history.map(level).join("");
    }
  }

  function say(text) {
    live.classList.toggle("tui-stale", text !== "");
    asOf.textContent = text ? "Not refreshed since" : "Live, as of";
    if (trouble.textContent !== text) trouble.textContent = text;
  }

  async function look() {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await fetch(live.dataset.live, { cache: "no-store", redirect: "manual", signal });
    if (answer.type === "opaqueredirect" || answer.status === 403)
      return say(": you are logged out, or may not see this any more. Reload the page.");
    const type = answer.headers.get("content-type") ?? "";
    if (answer.status === 503 && type.startsWith("text/plain"))
      return say(`: ${await answer.text()}`);
    if (!answer.ok) return say(`: the server answers with ${answer.status}.`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const parts = fresh.querySelectorAll("[data-part]");
    if (!parts.length) return say(": the server answers with another page.");
    for (const part of parts) {
      if (part.dataset.now) now.textContent = part.dataset.now;
      const old = document.getElementById(part.id);
      if (old) replace(old, part);
    }
    measure();
    say("");
  }

  async function again() {
    const start = performance.now();
    let pause = AFTER_TROUBLE;
    try {
      if (!document.hidden) await look();
      const took = performance.now() - start;
      pause = Math.min(AT_MOST, Math.max(AT_LEAST, SPARE * took));
    } catch {
      say(": the server does not answer.");
    }
    setTimeout(again, pause);
  }

  measure();
  again();
})();
