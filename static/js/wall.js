// The wall display: one building at a time, the next after some seconds; pausable, also by the space key. When something on it
// changed, the page is fetched again and what is different takes its place.
"use strict";

(() => {
  const wall = document.querySelector("[data-wall]");
  const screens = wall ? [...wall.querySelectorAll("[data-screen]")] : [];
  if (!screens.length) return;
  const pause = wall.querySelector("[data-pause]");
  const full = wall.querySelector("[data-full]");
  let at = 0, timer = 0;

  const show = (number) => {
    at = (number + screens.length) % screens.length;
    screens.forEach((screen, index) => { screen.hidden = index !== at; });
  };
  const run = () => { timer = setInterval(() => show(at + 1), Number(wall.dataset.seconds) * 1000); pause.textContent = pause.dataset.pauseText; };
  const halt = () => { clearInterval(timer); timer = 0; pause.textContent = pause.dataset.resumeText; };
  const toggle = () => (timer ? halt() : run());

  wall.classList.add("running");
  show(0);
  if (screens.length > 1) {
    pause.hidden = false;
    pause.addEventListener("click", toggle);
    run();
  }
  if (document.documentElement.requestFullscreen) {
    full.hidden = false;
    full.addEventListener("click", () => { if (document.fullscreenElement) document.exitFullscreen(); else document.documentElement.requestFullscreen(); });
  }
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("button, a") || screens.length < 2) return;
    if (event.key === " ") { event.preventDefault(); toggle(); }
    if (event.key === "ArrowRight") show(at + 1);
    if (event.key === "ArrowLeft") show(at - 1);
  });

  let token = wall.dataset.token;
  const swap = (old, fresh) => {
    const before = new Map([...old.querySelectorAll(".unit")].map((unit) => [unit.getAttribute("aria-label"), unit]));
    for (const unit of fresh.querySelectorAll(".unit")) if (!before.has(unit.getAttribute("aria-label"))) unit.classList.add("changed");
    old.replaceChildren(...fresh.childNodes);
  };
  const refresh = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = [...page.querySelectorAll("[data-screen]")];
    if (fresh.length !== screens.length) { location.reload(); return; }
    screens.forEach((screen, index) => swap(screen, fresh[index]));
    for (const part of ["[data-headline]", "[data-legend]"]) wall.querySelector(part).replaceChildren(...page.querySelector(part).childNodes);
    token = page.querySelector("[data-wall]").dataset.token;
  };
  window.watchBoard({
    address: () => `${wall.dataset.changes}?token=${encodeURIComponent(token)}`,
    every: Number(wall.dataset.poll),
    heard: async (answer) => { if (answer.reload || answer.cells.length) await refresh(); else token = answer.token; },
    gone: () => location.reload(),
  });
})();
