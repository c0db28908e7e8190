// How a column is filtered: texts; numbers, sizes and ages as people write them; or a choice among the values that are there.

const AMOUNT = String.raw`(\d+(?:[.,]\d+)?)\s*`;
const POWERS = ["", "k", "M", "G", "T", "P"];
const SPANS = [
  ["y", 365 * 86400, "years?|y|년"],
  ["mo", 30 * 86400, "months?|mo|개월|달"],
  ["w", 7 * 86400, "weeks?|w|주"],
  ["d", 86400, "days?|d|일"],
  ["h", 3600, "hours?|h|시간"],
  ["m", 60, "minutes?|min|m|분"],
  ["s", 1, "seconds?|sec|s|초"],
];
const PART = AMOUNT + `(?:${SPANS.map(([, , written]) => `(${written})`).join("|")})`;

const amount = (written) => Number(written.replace(",", "."));

// Bytes of "20MB" or "1.5 GiB"; null for what is no size.
export function bytes(written) {
  const found = new RegExp(`^\\s*${AMOUNT}(?:([kmgtp])(i?))?b?\\s*$`, "i").exec(written ?? "");
  if (!found) return null;
  const power = POWERS.findIndex((each) => each.toLowerCase() === (found[2] ?? "").toLowerCase());
  return Math.round(amount(found[1]) * (found[3] ? 1024 : 1000) ** power);
}

// The shortest way to write so many bytes.
export function sized(count) {
  if (count === null) return null;
  const ways = [[1000, "B"], [1024, "iB"]].flatMap(([base, end]) =>
    POWERS.slice(base === 1000 ? 0 : 1).map((letter, place) => {
      const power = base === 1000 ? place : place + 1;
      return `${count / base ** power}${letter}${end}`;
    }),
  );
  const plain = ways.filter((way) => !way.includes("e") && bytes(way) === count);
  return plain.sort((one, other) => one.length - other.length)[0];
}

// Seconds of "24h", "1h30m" or "3 days"; null for what is no span of time.
export function seconds(written) {
  if (!new RegExp(`^\\s*(?:${PART}\\s*)+$`, "i").test(written ?? "")) return null;
  let sum = 0;
  for (const [, many, ...units] of written.matchAll(new RegExp(PART, "gi"))) {
    sum += amount(many) * SPANS[units.findIndex((unit) => unit !== undefined)][1];
  }
  return sum;
}

// A span of time in the largest unit that is whole.
export function spanned(count) {
  if (count === null) return null;
  const [letter, length] = SPANS.find(([, length]) => count >= length && count % length === 0) ?? ["s", 1];
  return `${count / length}${letter}`;
}

function number(written) {
  return /^\s*-?\d+([.,]\d+)?\s*$/.test(written ?? "") ? amount(written) : null;
}

const text = (cell) => (Array.isArray(cell) ? cell[0] : cell) ?? "";

function measured(cell) {
  if (text(cell) === "") return null;
  return Array.isArray(cell) ? cell[1] : Number(cell);
}

// "exited (137)" is one of those that exited.
const kind = (cell) => text(cell).split(" (")[0];

// Those of the values that are ticked; all where none is.
class Choice {
  init(params) {
    this.params = params;
    this.wanted = new Set();
    this.gui = document.createElement("div");
    this.gui.className = "dockyard-grid-choice";
    this.gui.setAttribute("role", "group");
    this.gui.setAttribute("aria-label", params.colDef.headerName);
  }

  getGui() {
    return this.gui;
  }

  afterGuiAttached() {
    this.draw();
    this.gui.querySelector("input")?.focus();
  }

  refresh() {
    return true;
  }

  isFilterActive() {
    return this.wanted.size > 0;
  }

  doesFilterPass({ node }) {
    return this.wanted.has(this.params.getValue(node));
  }

  getModel() {
    return this.isFilterActive() ? [...this.wanted] : null;
  }

  setModel(model) {
    this.wanted = new Set(model ?? []);
    this.draw();
  }

  draw() {
    const values = new Set(this.wanted);
    this.params.api.forEachNode((node) => values.add(this.params.getValue(node)));
    this.gui.replaceChildren(...[...values].sort().map((value) => this.choice(value)));
  }

  choice(value) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = this.wanted.has(value);
    box.addEventListener("change", () => {
      if (box.checked) this.wanted.add(value);
      else this.wanted.delete(value);
      this.params.filterChangedCallback();
    });
    label.append(box, value || this.params.blank);
    return label;
  }
}

function written(column, words, parse, write, options) {
  return {
    filter: "agNumberColumnFilter",
    filterParams: {
      filterOptions: options,
      numberParser: parse,
      numberFormatter: write,
      hint: words.hints[column.filter],
      isWrong: (typed) => typed.trim() !== "" && parse(typed) === null,
    },
  };
}

const RANGES = ["greaterThan", "lessThan", "inRange", "blank", "notBlank"];
const KINDS = {
  text: () => ({
    filter: "agTextColumnFilter",
    filterValueGetter: (cell) => text(cell),
    filterParams: { filterOptions: ["contains", "notContains", "startsWith", "endsWith", "equals", "blank", "notBlank"] },
  }),
  number: (column, words) => ({
    filterValueGetter: measured,
    ...written(column, words, number, (count) => (count === null ? null : String(count)), ["equals", ...RANGES]),
  }),
  size: (column, words) => ({ filterValueGetter: measured, ...written(column, words, bytes, sized, RANGES) }),
  moment: (column, words) => ({
    filterValueGetter: (at) => (at === null ? null : Date.now() / 1000 - at),
    ...written(column, words, seconds, spanned, [
      { displayKey: "newer", displayName: words.newer, predicate: ([most], age) => age !== null && age < most },
      { displayKey: "older", displayName: words.older, predicate: ([least], age) => age !== null && age > least },
    ]),
  }),
  choice: (column, words) => ({ filter: Choice, filterValueGetter: kind, filterParams: { blank: words.grid.blank } }),
};

// What a column's definition says of its filter; `place` is where its cell stands in a row.
export function filtered(column, place, words) {
  const made = KINDS[column.filter](column, words);
  const value = made.filterValueGetter;
  return {
    ...made,
    filterValueGetter: ({ data }) => value(data[place]),
    filterParams: { maxNumConditions: 1, inRangeInclusive: true, debounceMs: 200, buttons: ["reset"], ...made.filterParams },
  };
}

// A filter that was opened: how its values are written stands in it, and what can't be read is marked.
export function explained(popup, { hint, isWrong }) {
  if (!hint || popup.querySelector(".dockyard-grid-hint")) return;
  const line = document.createElement("div");
  line.className = "dockyard-grid-hint";
  line.setAttribute("role", "status");
  line.textContent = hint;
  popup.querySelector(".ag-filter-body-wrapper").after(line);
  const look = () => {
    const fields = [...popup.querySelectorAll("input")];
    for (const field of fields) field.setAttribute("aria-invalid", String(isWrong(field.value)));
    line.classList.toggle("dockyard-grid-wrong", fields.some(({ value }) => isWrong(value)));
  };
  popup.addEventListener("input", look);
  popup.addEventListener("click", look); // the buttons that empty a field
}
