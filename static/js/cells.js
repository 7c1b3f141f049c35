// The board's cells: drawn from the skeleton (kept by the browser) and from how the units stand, then changed one by one as the
// server tells. `inventory/board.py` draws the same cells on the server; `inventory/wire.py` says what is sent.
"use strict";

(() => {
  const board = document.querySelector("[data-board][data-state]");
  if (!board) return;
  const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };
  const text = (value) => String(value).replace(/[&<>"']/g, (sign) => SIGNS[sign]);
  const put = (words, value) => words.replace("{}", value);
  const query = board.dataset.query;
  let words, towers, state, prices, rank, units, token, skew = 0;

  // ---- what a cell says
  const thousands = (amount) => {
    const [whole, cents] = amount.toFixed(2).split(".");
    return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (cents === "00" ? "" : `.${cents}`);
  };
  const inWan = (total) => put(words.wan, total >= 1e6 ? thousands(Math.round(total / 1e4)) : thousands(Math.round(total / 1e3) / 10).replace(/(\.\d)0$/, "$1"));
  const codes = (id) => (state.locks[id] || "").split(",").filter(Boolean);
  const total = (id) => (prices ? prices[rank.get(id)] : null);
  const classes = (id) => {
    const locked = state.locks[id] ? " locked" : "", mine = state.mine.has(id) ? " mine" : "";
    return `unit ${words.statuses[state.statuses[rank.get(id)]][0]}${locked}${mine}${state.asked && !state.asked.has(id) ? " dim" : ""}`;
  };
  const spoken = (id) => {
    const [room, area] = units.get(id), cost = total(id);
    const said = [room, words.statuses[state.statuses[rank.get(id)]][1], put(words.exact, area.toFixed(2))];
    if (cost !== null) said.push(put(words.amount, thousands(cost)));
    said.push(...codes(id).map((code) => words.locks[code][0]));
    if (state.mine.has(id)) said.push(words.yours);
    return said.join(words.comma);
  };
  const inside = (id) => {
    const [room, area] = units.get(id), cost = total(id);
    const locks = codes(id).map((code) => words.locks[code][1]).join("");
    const left = state.ends[id] ? `<time>${remaining(state.ends[id])}</time>` : "";
    const line = put(words.round, Math.floor(area + 0.5)) + (cost === null ? "" : ` · ${inWan(cost)}`);
    return `<b>${text(room)}</b><em>${left}${locks && `<i>${text(locks)}</i>`}${text(words.statuses[state.statuses[rank.get(id)]][2])}</em><small>${text(line)}</small>`;
  };

  // ---- holds run out by the server's time
  const now = () => Date.now() / 1000 + skew;
  const remaining = (ends) => {
    const left = Math.max(0, Math.ceil(ends - now()));
    if (left >= 3600) return put(words.hours, Math.floor(left / 3600));
    // Seconds only when they matter: beside a room number of four digits there is no place for 47:08.
    if (left > 600) return put(words.minutes, Math.ceil(left / 60));
    return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  };
  const tick = () => {
    const over = [];
    for (const [id, ends] of Object.entries(state.ends)) {
      if (ends <= now()) { over.push(Number(id)); continue; }
      const left = find(id)?.querySelector("time");
      const says = remaining(ends);
      if (left && left.textContent !== says) left.textContent = says;
    }
    for (const id of over) { state.statuses[rank.get(id)] = "a"; delete state.ends[id]; paint(id); }
    if (over.length) tell(over);
  };

  // ---- drawing
  const cell = (slot) => {
    if (!slot) return "<td></td>";
    const [id, room, area, span] = slot;
    units.set(id, [room, area]);
    const unit = `<a class="${classes(id)}" href="${text(board.dataset.link)}${id}" data-unit="${id}" aria-label="${text(spoken(id))}" tabindex="-1">${inside(id)}</a>`;
    return span > 1 ? `<td rowspan="${span}" class="tall">${unit}</td>` : `<td>${unit}</td>`;
  };
  const row = ([label, lines, slots]) => {
    const span = lines > 1 ? ` rowspan="${lines}"` : "";
    return `<tr>${lines ? `<th class="floor" scope="row"${span}>${text(label)}</th>` : ""}${slots.map(cell).join("")}</tr>`;
  };
  // A plain tower comes by columns, one unit to a floor.
  const rowsOf = (tower) => {
    if (tower.rows) return tower.rows;
    const line = new Map(tower.floors.map(([floor], number) => [floor, number]));
    const rows = tower.floors.map(([, label]) => [label, 1, new Array(tower.columns.length).fill(null)]);
    tower.columns.forEach(([ids, floors, rooms, areas], at) => ids.forEach((id, number) => {
      rows[line.get(floors[number])][2][at] = [id, rooms[number], Array.isArray(areas) ? areas[number] : areas, 1];
    }));
    return rows;
  };
  const head = (heads) => {
    if (!heads.length) return "";
    const cells = heads.map(([layout, area, whole]) => `<th class="stack" scope="col" title="${text(whole)}">${text(layout)}<small>${text(area)}</small></th>`);
    return `<thead><tr><th class="corner" scope="col"><span class="visually-hidden">${text(words.floor)}</span></th>${cells.join("")}</tr></thead>`;
  };
  const section = (tower) => {
    const name = text(tower.name);
    return `<section class="board${rank.size > 1500 ? " deep" : ""}"><h2>${name}</h2><table class="grid" role="grid" aria-label="${name}">${head(tower.heads)}<tbody>${rowsOf(tower).map(row).join("")}</tbody></table></section>`;
  };
  const shown = (tower) => Boolean(tower.attached) === state.attached && (state.building === null || state.building === tower.building);
  const ids = (tower) => (tower.columns ? tower.columns.flatMap((column) => column[0]) : tower.rows.flatMap((line) => line[2].filter(Boolean).map((slot) => slot[0])));
  const draw = () => {
    rank = new Map(towers.flatMap(ids).sort((one, other) => one - other).map((id, at) => [id, at]));
    units = new Map();
    const drawn = towers.filter(shown).map(section).join("");
    if (drawn) board.innerHTML = drawn;
    board.dispatchEvent(new CustomEvent("board:drawn"));
  };

  // ---- changing
  const find = (id) => board.querySelector(`a.unit[data-unit="${id}"]`);
  const paint = (id) => {
    const unit = find(id);
    if (!unit) return;
    unit.className = `${classes(id)} changed`;
    unit.setAttribute("aria-label", spoken(id));
    unit.innerHTML = inside(id);
  };
  const same = (id, letter, locks, cost, ends, mine, asked) => state.statuses[rank.get(id)] === letter && (state.locks[id] || "") === locks && total(id) === cost
    && (state.ends[id] || null) === ends && state.mine.has(id) === Boolean(mine) && (!state.asked || state.asked.has(id) === Boolean(asked));
  const keep = (set, id, is) => { if (set) { if (is) set.add(id); else set.delete(id); } };
  const change = ([id, letter, locks, cost, ends, mine, asked]) => {
    if (same(id, letter, locks, cost, ends, mine, asked)) return false;
    state.statuses[rank.get(id)] = letter;
    if (locks) state.locks[id] = locks; else delete state.locks[id];
    if (ends) state.ends[id] = ends; else delete state.ends[id];
    if (prices) prices[rank.get(id)] = cost;
    keep(state.mine, id, mine);
    keep(state.asked, id, asked);
    paint(id);
    return true;
  };
  const tell = (changed) => board.dispatchEvent(new CustomEvent("board:changed", { detail: changed }));
  board.addEventListener("animationend", (event) => event.target.classList.remove("changed"));

  // ---- counts around the board
  const everywhere = (selector) => [...document.querySelectorAll(selector), ...document.getElementById("no-unit").content.querySelectorAll(selector)];
  const count = (counts) => {
    let at = 0;
    for (const [status, number] of Object.entries(counts.legend)) {
      for (const shown of everywhere(`[data-count="${status}"]`)) shown.textContent = number;
      const part = document.querySelector(`[data-part="${status}"]`);
      if (part) { part.setAttribute("x", at); part.setAttribute("width", number); at += number; }
    }
    for (const [layout, number] of Object.entries(counts.remaining)) for (const shown of everywhere(`[data-left="${layout}"]`)) shown.textContent = number;
    document.querySelector("[data-counted]").textContent = counts.headline;
    const matches = document.querySelector("[data-matches]");
    if (matches && state.asked) {
      const found = [...state.asked].filter((id) => units.has(id) && (state.drafts || state.statuses[rank.get(id)] !== "r")).length;
      matches.textContent = put(found === 1 ? matches.dataset.one : matches.dataset.many, found);
    }
  };
  const stamp = () => {
    const shown = document.querySelector("[data-as-of]");
    const moment = new Date(now() * 1000).toLocaleTimeString("en-GB", { timeZone: shown.dataset.zone });
    shown.textContent = put(shown.dataset.says, moment);
  };

  // ---- talking to the server
  const get = async (address) => {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(answer.status);
    return answer;
  };
  const load = async (tries = 3) => {
    try {
      const answer = await get(board.dataset.state + query);
      const fresh = await answer.json();
      const [skeleton, totals] = await Promise.all([get(fresh.skeleton).then((part) => part.json()), fresh.prices ? get(fresh.prices).then((part) => part.json()) : null]);
      words = skeleton.words;
      towers = skeleton.towers;
      prices = totals;
      state = { ...fresh, statuses: [...fresh.statuses], mine: new Set(fresh.mine), asked: fresh.asked && new Set(fresh.asked) };
      token = answer.headers.get("Board-Token");
      skew = Number(answer.headers.get("Board-Now")) - Date.now() / 1000;
      draw();
      count(fresh.counts);
    } catch (error) {
      // The board became another one while it was fetched: ask for that one.
      if (tries > 1) return load(tries - 1);
      throw error;
    }
  };
  const heard = async (answer) => {
    skew = answer.now - Date.now() / 1000;
    if (answer.reload || answer.cells.some(([id]) => !rank.has(id))) {
      const [top, left] = [board.scrollTop, board.scrollLeft];
      await load();
      board.scrollTo(left, top);
      tell([]);
    } else {
      const changed = answer.cells.filter(change).map(([id]) => id);
      if (answer.counts) count(answer.counts);
      token = answer.token;
      if (changed.length) tell(changed);
    }
    stamp();
  };
  const address = () => `${board.dataset.changes}${query}${query === "?" ? "" : "&"}token=${encodeURIComponent(token)}`;

  const begin = async () => {
    try {
      await load();
    } catch {
      location.replace(board.dataset.plain);
      return;
    }
    stamp();
    setInterval(tick, 1000);
    window.watchBoard({ address, every: Number(board.dataset.poll), heard, gone: () => location.reload() });
  };
  begin();
})();
