// Writing down a call: Ctrl+Enter (or Cmd+Enter) logs it from any field.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest("form[data-quick]");
  if (form) { event.preventDefault(); form.requestSubmit(form.querySelector("[data-main]")); }
});
