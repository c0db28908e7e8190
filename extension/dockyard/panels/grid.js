// A grid whose rows change one by one (anywidget front-end module). Rows go as messages, never into the widget's state, which notebooks save.
//
// A row is [key, cell, cell...]; a cell is a text, or [text, what it is sorted by, tone, sign], or in a column of moments the seconds since 1970.

// AG Grid is large: one copy a page, however many grids and kernels it has. Another version of it, or of what stands beside it, has another name.
const LIBRARY = Symbol.for("dockyard.ag-grid-36.2.0-filters");
const PATIENCE_MS = 20_000;
const TICK_MS = 5_000; // how often "3 minutes ago" is looked at again
const ROW_PX = 28;
const CHECK_PX = 36;
const MOST_ROWS = 12; // what does not fit is scrolled

function library(model) {
  return (globalThis[LIBRARY] ??= fetched(model).catch((problem) => {
    delete globalThis[LIBRARY]; // the kernel that was asked may be gone; another grid's will do
    throw problem;
  }));
}

function fetched(model) {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error("The kernel does not answer.")), PATIENCE_MS);
    const hear = (content, buffers) => {
      if (content.do !== "library") return;
      clearTimeout(patience);
      model.off("msg:custom", hear);
      const url = URL.createObjectURL(new Blob(buffers, { type: "text/javascript" }));
      import(url).then(resolve, reject).finally(() => URL.revokeObjectURL(url));
    };
    model.on("msg:custom", hear);
    model.send({ do: "library" });
  });
}

const text = (cell) => (Array.isArray(cell) ? cell[0] : cell);
const order = (cell) => (Array.isArray(cell) ? cell[1] : cell);

function comparator(language) {
  const collator = new Intl.Collator(language, { numeric: true });
  return (one, other) => {
    const [a, b] = [order(one), order(other)];
    return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a ?? "", b ?? "");
  };
}

// As dockyard.wording.relative_time: the largest unit of which two have passed.
const UNITS = [
  ["year", 365 * 86400],
  ["month", 30 * 86400],
  ["week", 7 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

function ago(seconds, language) {
  if (seconds === null) return "";
  const age = Date.now() / 1000 - seconds;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  const [unit, length] = UNITS.find(([, length]) => age >= 2 * length) ?? ["second", 1];
  return format.format(-Math.max(0, Math.floor(age / length)), unit);
}

function element(name, className = "", content = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = content;
  return made;
}

const keepKeys = ({ target }) => (target.dataset.lmSuppressShortcuts = "true");

// Everything from outside is text, never markup.
function drawn(column, language) {
  return ({ value }) => {
    const cell = element("span", "dockyard-grid-cell");
    if (column.moment) {
      cell.textContent = ago(value, language);
      cell.title = value === null ? "" : new Date(value * 1000).toLocaleString(language);
      return cell;
    }
    const [shown, , tone, sign] = Array.isArray(value) ? value : [value];
    if (sign) {
      const mark = element("span", "dockyard-grid-sign", sign);
      mark.setAttribute("aria-hidden", "true"); // the word beside it says the same
      cell.append(mark);
    }
    cell.append(shown);
    cell.title = shown;
    if (tone) cell.dataset.tone = tone;
    return cell;
  };
}

// Where a cell of the notebook has less room than all columns need, they are scrolled sideways.
const narrowest = (column, place) => (place === 0 || column.moment ? column.width : Math.max(84, Math.round(column.width * 0.7)));

function columnDefs(columns, language, filterOf) {
  const compared = comparator(language);
  return columns.map((column, place) => ({
    colId: column.name,
    headerName: column.title,
    valueGetter: ({ data }) => data[place + 1],
    cellRenderer: drawn(column, language),
    getQuickFilterText: ({ value }) => (column.moment ? "" : text(value)),
    comparator: compared,
    ...filterOf(column, place + 1),
    initialSort: column.sort || null,
    minWidth: narrowest(column, place),
    flex: column.width,
    cellClass: column.right ? "dockyard-grid-right" : "",
    headerClass: column.right ? "ag-right-aligned-header" : "",
  }));
}

function themed(themeQuartz) {
  return themeQuartz.withParams({
    backgroundColor: "var(--jp-layout-color0, #fff)",
    foregroundColor: "var(--jp-ui-font-color1, #222)",
    headerBackgroundColor: "var(--jp-layout-color2, #eee)",
    headerTextColor: "var(--jp-ui-font-color1, #222)",
    borderColor: "var(--jp-border-color2, #ccc)",
    accentColor: "var(--jp-brand-color1, #1976d2)",
    fontFamily: "var(--jp-ui-font-family, sans-serif)",
    fontSize: "var(--jp-ui-font-size1, 13px)",
    browserColorScheme: "inherit",
    cellHorizontalPadding: 8,
    rowHeight: ROW_PX,
    headerHeight: ROW_PX + 2,
  });
}

// What a person sees of one grid: a field that filters, what the columns' filters leave out, the rows, and a line that counts them.
class View {
  constructor(model, el) {
    this.model = model;
    this.key = crypto.randomUUID?.() ?? String(Math.random());
    this.words = model.get("words");
    this.language = model.get("language");
    el.classList.add("dockyard-grid");
    el.setAttribute("role", "group");
    // Arrows and letters are the grid's. JupyterLab asks the element that has the focus, and cuts a cell at "x" where that does not say so.
    el.addEventListener("focusin", keepKeys);
    // The notebook takes the focus back at each key that it hears of, also from a filter that this one opened.
    el.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.stopPropagation();
    });
    this.el = el;
    this.search = element("input", "dockyard-grid-search");
    this.search.type = "search";
    this.search.placeholder = this.words.search;
    this.search.setAttribute("aria-label", this.words.search);
    this.box = element("div", "dockyard-grid-box");
    this.says = element("div", "dockyard-grid-says");
    this.says.setAttribute("role", "alert");
    this.count = element("div", "dockyard-grid-count");
    this.left = element("span", "dockyard-grid-left");
    this.left.setAttribute("role", "status");
    this.clear = element("button", "dockyard-grid-clear", this.words.clear);
    this.clear.type = "button";
    this.clear.hidden = true;
    const head = element("div", "dockyard-grid-head");
    head.append(this.search, this.left, this.clear);
    el.append(head, this.says, this.box, this.count);
  }

  async open() {
    const { createGrid, explained, filtered, themeQuartz } = await library(this.model).catch(() => library(this.model));
    if (this.isClosed) return;
    // An open filter is higher than a grid of few rows, and a cell's output would cut it; JupyterLab's body itself has no height.
    this.above = element("div", "dockyard-grid-above");
    document.body.append(this.above);
    const filterOf = (column, place) => (this.model.get("filters") ? filtered(column, place, this.words) : {});
    const columns = () => columnDefs(this.model.get("columns"), this.language, filterOf);
    const several = this.model.get("several");
    this.api = createGrid(this.box, {
      theme: themed(themeQuartz),
      columnDefs: columns(),
      defaultColDef: { sortable: true, resizable: true, suppressMovable: true, suppressHeaderMenuButton: true },
      getRowId: ({ data }) => data[0],
      rowData: [],
      rowSelection: several
        ? { mode: "multiRow", enableClickSelection: true, checkboxes: true, headerCheckbox: true, selectAll: "filtered" }
        : { mode: "singleRow", enableClickSelection: true, checkboxes: false },
      selectionColumnDef: { width: CHECK_PX, maxWidth: CHECK_PX, resizable: false },
      localeText: this.words.grid,
      animateRows: false,
      popupParent: this.above,
      ensureDomOrder: true, // as screen readers read it
      suppressColumnVirtualisation: true,
      onSelectionChanged: ({ source }) => this.told(source),
      onModelUpdated: () => this.counted(),
      onFilterOpened: ({ column, eGui }) => {
        eGui.classList.add("dockyard-grid-filter");
        eGui.addEventListener("focusin", keepKeys);
        explained(eGui, column.getColDef().filterParams);
      },
      onGridSizeChanged: () => this.fit(),
    });
    this.listened = [
      ["msg:custom", (content) => this.heard(content)],
      ["change:chosen", () => this.choose()],
      ["change:search", () => this.filter()],
      ["change:columns", () => this.api.setGridOption("columnDefs", columns())],
      ["change:disabled", () => this.freeze()],
      ["change:label", () => this.label()],
      ["change:says change:as_of", () => this.counted()],
    ];
    for (const [event, does] of this.listened) this.model.on(event, does);
    this.search.addEventListener("input", () => {
      this.model.set("search", this.search.value);
      this.model.save_changes();
    });
    this.clear.addEventListener("click", () => {
      this.api.setFilterModel(null);
      this.model.set("search", "");
      this.model.save_changes();
      this.search.focus(); // the button goes
    });
    this.ticking = setInterval(() => this.tick(), TICK_MS);
    this.filter();
    this.freeze();
    this.label();
    this.model.send({ do: "ready", view: this.key });
  }

  close() {
    this.isClosed = true;
    if (!this.api) return;
    clearInterval(this.ticking);
    for (const [event, does] of this.listened) this.model.off(event, does);
    this.api.destroy();
    this.above.remove();
    this.model.send({ do: "gone", view: this.key });
  }

  heard(content) {
    if (content.do === "count") this.model.send({ do: "here", view: this.key });
    else if (content.do === "rows") this.fill(content.rows);
    else if (content.do === "change") this.change(content.put, content.drop);
  }

  fill(rows) {
    this.api.setGridOption("rowData", rows); // by their keys: what is the same stays as it is
    this.choose();
  }

  change(put, drop) {
    const isThere = (row) => this.api.getRowNode(row[0]) !== undefined;
    this.api.applyTransaction({
      update: put.filter(isThere),
      add: put.filter((row) => !isThere(row)),
      remove: drop.filter((key) => this.api.getRowNode(key)).map((key) => [key]),
    });
    this.choose();
  }

  chosen() {
    return this.api.getSelectedNodes().map((node) => node.id);
  }

  choose() {
    const wanted = new Set(this.model.get("chosen"));
    const off = this.api.getSelectedNodes().filter((node) => !wanted.has(node.id));
    const on = [...wanted].map((key) => this.api.getRowNode(key)).filter((node) => node && !node.isSelected());
    if (off.length) this.api.setNodesSelected({ nodes: off, newValue: false, source: "api" });
    if (on.length) this.api.setNodesSelected({ nodes: on, newValue: true, source: "api" });
    this.counted();
  }

  told(source) {
    if (source !== "api" && source !== "rowDataChanged") {
      this.model.set("chosen", this.chosen());
      this.model.save_changes();
    }
    this.counted();
  }

  filter() {
    const wanted = this.model.get("search");
    if (this.search.value !== wanted) this.search.value = wanted;
    this.api.setGridOption("quickFilterText", wanted);
  }

  freeze() {
    this.el.inert = this.model.get("disabled");
  }

  label() {
    const label = this.model.get("label");
    this.el.setAttribute("aria-label", label);
    this.box.querySelector("[role=grid], [role=treegrid]")?.setAttribute("aria-label", label);
  }

  counted() {
    if (!this.api) return; // it is being made
    let all = 0;
    this.api.forEachNode(() => (all += 1));
    const shown = this.api.getDisplayedRowCount();
    const chosen = this.api.getSelectedNodes();
    const hidden = chosen.filter((node) => !node.displayed).length;
    const parts = [this.words.count.replace("{shown}", shown).replace("{all}", all)];
    if (chosen.length) parts.push(this.words.chosen.replace("{n}", chosen.length));
    if (hidden) parts.push(this.words.hidden.replace("{n}", hidden));
    const since = this.model.get("as_of");
    if (since) parts.push(this.words.as_of.replace("{when}", ago(since, this.language)));
    const isFiltered = this.api.isColumnFilterPresent();
    this.clear.hidden = !isFiltered;
    this.write(this.left, isFiltered ? this.words.left.replace("{n}", all - shown) : "");
    this.write(this.count, parts.join(" · "));
    this.write(this.says, this.model.get("says"));
    this.fit(shown);
  }

  fit(shown = this.api.getDisplayedRowCount()) {
    const needed = this.model.get("columns").reduce((sum, column, place) => sum + narrowest(column, place), CHECK_PX);
    const bar = needed > this.box.clientWidth ? 16 : 0; // for scrolling sideways, so that it covers no row
    const rows = Math.min(Math.max(shown, 3), MOST_ROWS);
    const height = `${ROW_PX * (rows + 1) + 6 + bar}px`; // the heading is two higher, and lines and frame take four
    if (this.box.style.height !== height) this.box.style.height = height;
  }

  write(place, content) {
    if (place.textContent !== content) place.textContent = content; // screen readers say again what is written again
  }

  tick() {
    if (document.hidden || !this.el.isConnected) return;
    const moments = this.model.get("columns").filter((column) => column.moment);
    if (moments.length) this.api.refreshCells({ columns: moments.map((column) => column.name), force: true });
    const filters = this.model.get("filters") ? this.api.getFilterModel() : {};
    if (moments.some(({ name }) => filters[name])) this.api.onFilterChanged(); // what was newer than an hour grows older
    this.counted();
  }
}

function render({ model, el }) {
  const view = new View(model, el);
  view.open().catch((problem) => el.append(element("div", "dockyard-grid-says", String(problem))));
  return () => view.close();
}

export default { render };
