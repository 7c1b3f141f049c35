// What every open board shares: it asks again and again what changed, and says so when it cannot know.
"use strict";

(() => {
  const note = document.querySelector("[data-live-note]");
  const board = document.querySelector("[data-live]");
  const clock = (moment) => moment.toLocaleTimeString("en-GB");
  const show = (text, link) => {
    if (!note) return;
    note.textContent = text;
    note.hidden = !text;
    if (link) { const way = document.createElement("a"); way.href = link; way.textContent = note.dataset.signIn; note.append(" ", way); }
  };

  // `address()` is asked every `every` milliseconds; `heard(answer)` gets what came back; `gone()` is told when there is no such board.
  window.watchBoard = ({ address, every, heard, gone }) => {
    let failures = 0, good = new Date(), timer = 0, over = false;
    const lost = (is) => {
      board.classList.toggle("stale", is);
      if (is) show(note.dataset.lost.replace("{}", clock(good)));
      else if (!note.hidden) show("");
    };
    const ask = async () => {
      clearTimeout(timer);
      timer = -1;
      try {
        const answer = await fetch(address(), { headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(8000) });
        if (answer.status === 401) { over = true; board.classList.add("stale"); show(note.dataset.signedOut, location.href); return; }
        if (answer.status === 403 || answer.status === 404) { over = true; gone(); return; }
        if (!answer.ok) throw new Error(answer.status);
        await heard(await answer.json());
        failures = 0;
        good = new Date();
        lost(false);
      } catch {
        failures += 1;
        if (failures >= 2) lost(true);
      }
      timer = setTimeout(ask, document.hidden ? every * 10 : every);
    };
    document.addEventListener("visibilitychange", () => { if (!document.hidden && !over && timer !== -1) ask(); });
    timer = setTimeout(ask, every);
  };
})();
