// The wall display: one building at a time, the next after some seconds; pausable, also by the space key.
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
})();
