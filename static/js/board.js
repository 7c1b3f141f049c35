// The board: arrow keys walk the units, a click or Enter opens the panel beside them, Escape closes it. The address follows.
"use strict";

(() => {
  const board = document.querySelector("[data-board]");
  const panel = document.querySelector("[data-panel-here]");
  if (!board || !panel) return;
  const units = () => board.querySelectorAll("a.unit");
  let asked = 0;

  // One stop of the Tab key for the whole board: the chosen unit, else the first.
  const stop = (unit) => {
    board.querySelectorAll("a.unit[tabindex='0']").forEach((old) => { old.tabIndex = -1; });
    if (unit) unit.tabIndex = 0;
  };
  // An address that names a unit shows it; only the board scrolls, the page stays where it is.
  const reveal = (unit) => {
    const frame = board.getBoundingClientRect(), spot = unit.getBoundingClientRect();
    if (spot.top < frame.top + 60 || spot.bottom > frame.bottom) board.scrollTop += spot.top - frame.top - frame.height / 2;
    if (spot.left < frame.left + 50 || spot.right > frame.right) board.scrollLeft += spot.left - frame.left - frame.width / 2;
  };

  // Where each unit stands on the screen's grid; spans are filled in, so that a duplex is met from every floor.
  const maps = new Map();
  const mapOf = (table) => {
    if (maps.has(table)) return maps.get(table);
    const grid = [...table.tBodies[0].rows].map(() => []);
    [...table.tBodies[0].rows].forEach((row, y) => {
      let x = 0;
      for (const cell of row.cells) {
        while (grid[y][x] !== undefined) x += 1;
        for (let down = 0; down < cell.rowSpan; down += 1) if (grid[y + down]) grid[y + down][x] = cell.querySelector("a.unit");
        x += 1;
      }
    });
    maps.set(table, grid);
    return grid;
  };
  const placeOf = (unit) => {
    const grid = mapOf(unit.closest("table"));
    for (let y = 0; y < grid.length; y += 1) { const x = grid[y].indexOf(unit); if (x >= 0) return [grid, y, x]; }
    return [grid, 0, 0];
  };
  const walk = (unit, dy, dx) => {
    const [grid, y0, x0] = placeOf(unit);
    for (let y = y0 + dy, x = x0 + dx; grid[y] && x >= 0 && x < grid[y].length; y += dy, x += dx) if (grid[y][x] && grid[y][x] !== unit) return grid[y][x];
    return dx ? beside(unit, y0, dx) : null;
  };
  // Beyond the last column the next tower begins, on the same row if it has one.
  const beside = (unit, row, dx) => {
    const tables = [...board.querySelectorAll("table.grid")];
    const next = tables[tables.indexOf(unit.closest("table")) + dx];
    if (!next) return null;
    const grid = mapOf(next);
    const line = (grid[Math.min(row, grid.length - 1)] || []).filter(Boolean);
    return dx > 0 ? line[0] : line[line.length - 1];
  };
  const edge = (unit, end, all) => {
    const [grid, y] = placeOf(unit);
    const line = (all ? grid.flat() : grid[y]).filter(Boolean);
    return end ? line[line.length - 1] : line[0];
  };
  const KEYS = {
    ArrowUp: (unit) => walk(unit, -1, 0), ArrowDown: (unit) => walk(unit, 1, 0),
    ArrowLeft: (unit) => walk(unit, 0, -1), ArrowRight: (unit) => walk(unit, 0, 1),
    Home: (unit, event) => edge(unit, false, event.ctrlKey), End: (unit, event) => edge(unit, true, event.ctrlKey),
  };

  // Cells that the server drew are there at once; those that the browser draws come later, and again when the board is another one.
  const drawn = () => {
    maps.clear();
    for (const unit of units()) if (unit.tabIndex !== -1) unit.tabIndex = -1;
    const id = new URLSearchParams(location.search).get("unit") || "";
    const chosen = mark(id) || board.querySelector("a.unit[aria-current]");
    stop(chosen || board.querySelector("a.unit"));
    if (chosen) reveal(chosen);
  };
  const mark = (id) => {
    for (const old of board.querySelectorAll("a.unit[aria-current]")) old.removeAttribute("aria-current");
    const unit = id ? board.querySelector(`a.unit[data-unit="${CSS.escape(id)}"]`) : null;
    if (unit) { unit.setAttribute("aria-current", "true"); stop(unit); }
    return unit;
  };
  const keep = (id) => {
    const hidden = document.querySelector(".filters input[name=unit]");
    if (hidden) hidden.value = id || "";
  };
  const say = (text) => {
    const note = document.createElement("p");
    note.className = "message error";
    note.textContent = text;
    document.getElementById("messages").replaceChildren(note);
  };
  // What is typed into a form of the panel is not swept away by a change of its unit.
  let typed = false;
  panel.addEventListener("input", () => { typed = true; });
  board.addEventListener("board:changed", (event) => {
    const shown = panel.querySelector("[data-open]")?.dataset.open;
    if (shown && !typed && (!event.detail.length || event.detail.includes(Number(shown)))) open(shown);
  });
  // Only the last unit asked for is shown, however the answers arrive.
  const open = async (id) => {
    const turn = asked += 1;
    panel.firstElementChild?.classList.add("waiting");
    try {
      const url = new URL(board.dataset.panel.replace(/0\/$/, `${id}/`), location.href);
      url.search = location.search;
      const answer = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
      if (answer.redirected || !answer.ok) { if (turn === asked) location.reload(); return; }
      const text = await answer.text();
      if (turn !== asked) return;
      panel.innerHTML = text;
      typed = false;
      window.htmx?.process(panel);
    } catch {
      if (turn === asked) { panel.firstElementChild?.classList.remove("waiting"); say(board.dataset.lost); }
    }
  };
  const close = () => { asked += 1; panel.replaceChildren(document.getElementById("no-unit").content.cloneNode(true)); };
  const address = (id) => {
    const params = new URLSearchParams(location.search);
    if (id) params.set("unit", id); else params.delete("unit");
    const query = params.toString();
    return board.dataset.panel.replace(/unit\/0\/$/, "") + (query ? `?${query}` : "");
  };
  const choose = (id) => {
    history.pushState({ unit: id }, "", address(id));
    const unit = mark(id);
    keep(id);
    if (id) open(id); else close();
    return unit;
  };
  const leave = () => {
    const unit = board.querySelector("a.unit[aria-current]");
    choose("");
    unit?.focus();
  };

  board.addEventListener("click", (event) => {
    const unit = event.target.closest("a.unit");
    if (!unit || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(unit.dataset.unit)?.focus();
  });
  board.addEventListener("keydown", (event) => {
    const unit = event.target.closest("a.unit");
    const step = unit && KEYS[event.key];
    if (!step || event.altKey || event.metaKey) return;
    event.preventDefault();
    const next = step(unit, event);
    if (!next) return;
    stop(next);
    next.focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.querySelector("[data-open]") && !event.target.closest("input, select, textarea")) leave();
  });
  panel.addEventListener("click", (event) => {
    if (!event.target.closest("[data-close]")) return;
    event.preventDefault();
    leave();
  });
  board.addEventListener("board:drawn", drawn);
  drawn();
  window.addEventListener("popstate", () => {
    const id = new URLSearchParams(location.search).get("unit") || "";
    mark(id);
    keep(id);
    if (id) open(id); else close();
  });
})();
