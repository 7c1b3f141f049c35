// What every page shares: the search key, focus on the first error, and a warning before typed text is lost.
"use strict";

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.querySelector("[data-hotkey='/']");
  if (field) { event.preventDefault(); field.focus(); field.select(); }
});

document.addEventListener("DOMContentLoaded", () => {
  const bad = document.querySelector("[aria-invalid='true']");
  if (bad) bad.focus();
});

// Only one pull-down is open, and a click elsewhere or Escape closes it.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.switch[open]")) if (!open.contains(event.target)) open.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const open of document.querySelectorAll("details.switch[open]")) { open.open = false; open.querySelector("summary").focus(); }
});

let touched = false;
document.addEventListener("input", (event) => { if (event.target.closest("form[data-guard]")) touched = true; });
document.addEventListener("submit", (event) => {
  touched = false;
  const button = event.submitter;
  if (button && event.target.method === "post" && !event.target.hasAttribute("data-again")) setTimeout(() => { button.disabled = true; }, 0);
});
window.addEventListener("pageshow", () => { for (const button of document.querySelectorAll("form button:disabled[data-was], form .buttons button:disabled")) button.disabled = false; });
window.addEventListener("beforeunload", (event) => { if (touched) event.preventDefault(); });
