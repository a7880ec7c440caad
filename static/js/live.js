/* Values that live: one stream a tab, and at most one update a second, in the server's own words. */
"use strict";

const LATE = 2, STALE = 10; /* expected intervals */
const line = document.querySelector("[data-stream]");
if (line) follow();

function follow() {
  const word = line.querySelector("[data-live-word]");
  const banner = document.querySelector("[data-live-banner]");
  const ahead = Date.now() - Date.parse(line.dataset.now);
  let source = null, lost = 0, again = 0, pause = 2000, busy = false, wanted = false;

  const say = (state, text) => {
    line.dataset.state = state;
    word.textContent = text;
  };

  function open() {
    close();
    source = new EventSource(line.dataset.stream);
    source.addEventListener("open", () => {
      clearTimeout(lost);
      lost = 0;
      pause = 2000;
      if (!banner.hidden) refresh();
      banner.hidden = true;
      say("live", "Live");
    });
    source.addEventListener("reading", refresh);
    source.addEventListener("error", () => {
      say(banner.hidden ? "reconnecting" : "offline", banner.hidden ? "Reconnecting" : "Offline");
      lost = lost || setTimeout(() => {
        banner.hidden = false;
        say("offline", "Offline");
      }, 10_000);
      if (source.readyState !== EventSource.CLOSED) return;
      again = setTimeout(open, pause);
      pause = Math.min(2 * pause, 60_000);
    });
  }

  function close() {
    clearTimeout(again);
    if (source) source.close();
    source = null;
  }

  /* The page again, no oftener than each second, and for a tenth of the time at most. */
  async function refresh() {
    wanted = true;
    if (busy || document.hidden) return;
    busy = true;
    wanted = false;
    const began = performance.now();
    try {
      const answer = await fetch(location.href);
      if (answer.ok && !answer.redirected) swap(await answer.text());
    } catch {
      wanted = true; /* The server is away, as the stream will tell. */
    }
    setTimeout(() => {
      busy = false;
      if (wanted) refresh();
    }, Math.max(1000, 9 * (performance.now() - began)));
  }

  function swap(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (other && !part.contains(document.activeElement)) part.replaceChildren(...other.childNodes);
    }
    tick();
  }

  function tick() {
    for (const time of document.querySelectorAll("time.age")) {
      const seconds = Math.floor((Date.now() - ahead - Date.parse(time.dateTime)) / 1000);
      if (seconds >= 86_400) continue;
      time.textContent = ageText(seconds);
      const intervals = seconds / Number(time.dataset.interval);
      const state = intervals > STALE ? "stale" : intervals > LATE ? "late" : "";
      if (!state || time.classList.contains(`is-${state}`)) continue;
      time.className = `age is-${state}`;
      refresh();
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return close();
    open();
    refresh();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && open());
  setInterval(tick, 1000);
  setInterval(refresh, 30_000);
  say("reconnecting", "Connecting");
  if (!document.hidden) open();
}

function ageText(seconds) {
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`;
}
