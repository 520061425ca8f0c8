"use strict";
/* The script of a report: colours, hidden methods, profiles drawn anew, and the table of attempts. Text goes into the page
   by textContent alone; the numbers are those of the JSON element. Without that element (a single problem) only the
   colours are left to do. */
(() => {
  const id = (name) => document.getElementById(name);
  const made = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  id("theme").addEventListener("change", (event) => {
    if (event.target.value) document.documentElement.dataset.theme = event.target.value;
    else delete document.documentElement.dataset.theme;
  });

  /* ---- print: what is folded is shown ---- */

  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details.problem:not([open])")];
    for (const one of unfolded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of unfolded) one.open = false;
  });

  /* ---- hidden methods ---- */

  const hidden = new Set();
  const boxes = [...document.querySelectorAll("[data-method][type=checkbox]")];
  const names = new Map(boxes.map((box) => [box.parentElement.textContent.trim(), box.dataset.method]));
  for (const path of document.querySelectorAll("g.ob-path")) {
    const number = names.get(path.dataset.method.replace(/, start \d+$/, ""));
    if (number !== undefined) path.dataset.m = number;
  }
  const changed = [];
  const hide = () => {
    hidden.clear();
    for (const box of boxes) if (!box.checked) hidden.add(Number(box.dataset.method));
    id("hidden").textContent = hidden.size ? `${[...hidden].map((m) => `[data-m="${m}"]`).join()} { display: none; }` : "";
    for (const act of changed) act();
  };
  for (const box of boxes) box.addEventListener("change", hide);
  const check = (on) => () => {
    for (const box of boxes) box.checked = on;
    hide();
  };
  if (boxes.length) {
    id("all").addEventListener("click", check(true));
    id("none").addEventListener("click", check(false));
  }

  if (!id("numbers")) return;
  const data = JSON.parse(id("numbers").textContent);

  /* ---- performance profiles (Dolan and Moré), over the methods that are shown ---- */

  const ratios = (costs) => {
    const shown = costs.filter(([method]) => !hidden.has(method));
    const least = (shown[0]?.[1] ?? []).map((_, k) => Math.min(...shown.map(([, its]) => its[k] ?? Infinity)));
    const ratio = (cost, k) => (cost === null ? Infinity : Math.max(cost, 1e-9) / Math.max(least[k], 1e-9));
    return shown.map(([method, its]) => [method, its.map(ratio).filter(isFinite).sort((a, b) => a - b), its.length]);
  };
  const half = (place) => String(Math.floor(2 * place + 0.5) / 2);
  const path = (sorted, count, svg) => {
    const [left, top, right, bottom] = svg.dataset.box.split(",").map(Number);
    const [low, high] = svg.dataset.ends.split(",").map(Number);
    const corners = new Map();
    sorted.forEach((ratio, k) => {
      const fraction = Math.log(Math.min(Math.max(ratio, low), high) / low) / Math.log(high / low);
      corners.set(half(left + fraction * (right - left)), half(bottom - ((k + 1) / count) * (bottom - top)));
    });
    let [line, last] = [`M${left} ${half(bottom)}`, ""];
    for (const [x, y] of corners) {
      line += `${x === last ? "" : `H${x}`}V${y}`;
      last = x;
    }
    return `${line}H${right}`;
  };
  const draw = (cost) => {
    const svg = document.querySelector(`#figure-${cost} svg.chart`);
    const table = document.querySelector(`table[data-of="${cost}"]`);
    if (!svg) return;
    const at = [...table.querySelectorAll("th[data-at]")].map((cell) => Number(cell.dataset.at));
    for (const [method, sorted, count] of ratios(data.costs[cost])) {
      svg.querySelector(`g[data-m="${method}"] path`).setAttribute("d", path(sorted, count, svg));
      const cells = table.querySelectorAll(`tr[data-m="${method}"] td`);
      at.forEach((tau, k) => {
        const share = sorted.filter((ratio) => ratio <= tau * (1 + 1e-9)).length / count;
        cells[k].textContent = `${Math.floor(100 * share + 0.5)} %`;
      });
    }
  };
  changed.push(() => Object.keys(data.costs).forEach(draw));

  id("tau")?.addEventListener("change", (event) => {
    for (const option of event.target.options) id(`figure-${option.value}`).hidden = !option.selected;
  });

  /* ---- the table of attempts ---- */

  const [PROBLEM, METHOD, STATUS, VERDICT, VALUE, ERROR, EVALUATIONS, TIME, SEED, REPEAT, REASON] = data.attempts;
  const texts = { problem: data.problems, method: data.methods, status: data.statuses, verdict: data.verdicts, reason: data.reasons };
  const time = (s) => (s < 1 ? `${Number((1000 * s).toPrecision(3))} ms` : `${Number(s.toPrecision(3))} s`);
  const varies = (column) => !column.few || new Set((column.from ?? []).filter((value) => value !== null)).size > 1;
  const columns = [
    { name: "problem", from: PROBLEM, of: texts.problem },
    { name: "method", from: METHOD, of: texts.method },
    { name: "status", from: STATUS, of: texts.status },
    { name: "answer", from: VERDICT, of: texts.verdict },
    { name: "value", from: VALUE, show: String },
    { name: "relative error", from: ERROR, show: (error) => (error ? error.toExponential(1) : "0") },
    { name: "evaluations", from: EVALUATIONS, show: (count) => count.toLocaleString("en") },
    { name: "time", from: TIME, show: time },
    { name: "seed", from: SEED, show: String, few: true },
    { name: "repeat", from: REPEAT, show: String, few: true },
    { name: "reason", from: REASON, of: texts.reason },
  ].filter(varies);
  for (const column of columns) {
    if (!column.of) continue;
    const order = column.of.map((_, k) => k).sort((a, b) => (column.of[a] < column.of[b] ? -1 : 1));
    column.rank = [];
    order.forEach((place, rank) => (column.rank[place] = rank));
    column.lower = column.of.map((text) => text.toLowerCase());
  }
  const count = PROBLEM ? PROBLEM.length : 0;
  let [sorted, falling, first, rows] = [null, false, 0, []];

  const key = (column, row) => {
    const value = column.from[row];
    return value === null ? null : column.rank ? column.rank[value] : value;
  };
  const compared = (a, b) => {
    const [x, y] = [key(sorted, a), key(sorted, b)];
    if (x === null || y === null) return (x === null) - (y === null) || a - b;
    return (falling ? y - x : x - y) || a - b;
  };
  const matching = () => {
    const words = id("search").value.trim().toLowerCase();
    const found = [columns[0], columns[1], columns.at(-1)].map((column) => column.lower.map((text) => text.includes(words)));
    const asked = [["method", METHOD], ["status", STATUS], ["verdict", VERDICT]].map(([name, from]) => [id(`filter-${name}`).value, from]);
    const fits = (row) =>
      !hidden.has(METHOD[row]) &&
      asked.every(([value, from]) => value === "" || from[row] === Number(value)) &&
      (words === "" || found[0][PROBLEM[row]] || found[1][METHOD[row]] || found[2][REASON[row]]);
    return [...Array(count).keys()].filter(fits);
  };
  const cell = (column, row) => {
    const value = column.from[row];
    const text = value === null ? "" : column.of ? column.of[value] : column.show(value);
    const element = made(column.name === "problem" ? "th" : "td", text);
    if (column.show) element.className = "n";
    if (column.name !== "problem") return element;
    element.scope = "row";
    if (id(`problem-${value}`)) element.replaceChildren(made("a", text, { href: `#problem-${value}` }));
    return element;
  };
  const show = () => {
    const most = Number(id("rows").value);
    first = Math.max(0, Math.min(first, most * Math.floor((rows.length - 1) / most)));
    const page = rows.slice(first, first + most);
    const lines = page.map((row) => {
      const line = document.createElement("tr");
      line.append(...columns.map((column) => cell(column, row)));
      return line;
    });
    document.querySelector("#table tbody").replaceChildren(...lines);
    id("count").textContent = `${rows.length.toLocaleString("en")} of ${count.toLocaleString("en")} attempts`;
    id("page").textContent = rows.length ? `${first + 1} to ${first + page.length} of ${rows.length.toLocaleString("en")}` : "no rows";
    id("previous").disabled = first === 0;
    id("next").disabled = first + most >= rows.length;
  };
  const look = () => {
    rows = count ? matching() : [];
    if (sorted) rows.sort(compared);
    first = 0;
    show();
  };

  for (const column of columns) {
    const heading = made("th", "", { scope: "col", "aria-sort": "none" });
    if (column.show) heading.className = "n";
    const button = made("button", column.name, { type: "button" });
    button.addEventListener("click", () => {
      falling = sorted === column && !falling;
      sorted = column;
      for (const other of heading.parentElement.children) other.setAttribute("aria-sort", "none");
      heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
      look();
    });
    heading.append(button);
    document.querySelector("#table thead tr").append(heading);
  }
  for (const name of ["method", "status", "verdict"]) {
    texts[name].forEach((text, k) => id(`filter-${name}`).append(made("option", text, { value: k })));
    id(`filter-${name}`).addEventListener("change", look);
  }
  id("search").addEventListener("input", look);
  id("rows").addEventListener("change", show);
  const turn = (step) => () => {
    first += step * Number(id("rows").value);
    show();
  };
  id("previous").addEventListener("click", turn(-1));
  id("next").addEventListener("click", turn(1));
  changed.push(look);
  look();

  /* ---- links to a problem unfold it ---- */

  const unfold = () => {
    const problem = location.hash.startsWith("#problem-") && id(location.hash.slice(1));
    if (problem) {
      problem.open = true;
      problem.scrollIntoView();
    }
  };
  addEventListener("hashchange", unfold);
  unfold();
})();
