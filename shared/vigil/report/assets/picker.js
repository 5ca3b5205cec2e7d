// Picking a place: a list in groups, searched by typing, walked with the arrow keys.

const MARKS = { growing: ["▲", "growing"], flat: ["▬", "flat"], falling: ["▼", "falling"] };
const picker = { shown: [], active: -1 };
const narrow = matchMedia("(max-width: 860px)");
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function matches(query) {
  const words = folded(query).split(/\s+/).filter(Boolean);
  if (!words.length) return DATA.places;
  const all = (place) => folded(`${place.name} ${place.where} ${place.id}`);
  return DATA.places.filter((place) => place.id && words.every((word) => all(place).includes(word)));
}

function phaseOf(place, target) {
  const measure = DATA.measures.find((one) => one.target === target && one.series.includes(place));
  return measure?.phase[measure.series.indexOf(place)];
}

function option(place, state, searching) {
  const [glyph, word] = MARKS[phaseOf(place.id, DATA.measures[state.measure].target)] || ["", ""];
  const depth = searching ? 0 : place.depth;
  if (place.id === null) return el("div", { class: "group", role: "presentation", style: `--depth:${depth}` }, place.name);
  return el("div", {
    role: "option", id: `place-${DATA.places.indexOf(place)}`, "aria-selected": String(place.id === state.place),
    class: "option", style: `--depth:${depth}`,
  },
  el("span", { class: "name" }, place.name, searching && place.where ? el("small", {}, ` ${place.where}`) : null),
  glyph ? el("span", { class: `phase ${word}`, role: "img", "aria-label": word, title: word }, glyph) : null);
}

function list(state, query = "") {
  const found = matches(query);
  const options = found.map((place) => option(place, state, query));
  picker.shown = found.map((place, i) => [place.id, options[i]]).filter(([id]) => id !== null);
  picker.active = -1;
  fill("list", options);
  byId("found").textContent = query ? (found.length ? many(found.length, "place") : "No place is called that.") : "";
  byId("search").removeAttribute("aria-activedescendant");
  if (!query) inSight(byId("list").querySelector("[aria-selected=true]"));
}

// Scrolls the list, never the page.
function inSight(node) {
  const box = byId("list");
  if (!node) return;
  const top = node.offsetTop;
  if (top < box.scrollTop || top + node.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = top - box.clientHeight / 3;
}

function open(is) {
  const expanded = is || !narrow.matches;
  byId("search").setAttribute("aria-expanded", String(expanded));
  byId("list").classList.toggle("open", expanded);
}

function activate(at) {
  if (!picker.shown.length) return;
  picker.shown[picker.active]?.[1].classList.remove("active");
  picker.active = Math.min(Math.max(at, 0), picker.shown.length - 1);
  const [, node] = picker.shown[picker.active];
  node.classList.add("active");
  inSight(node);
  byId("search").setAttribute("aria-activedescendant", node.id);
}

function chosen(at) {
  const [id] = picker.shown[at] || [];
  if (id === undefined) return;
  byId("search").value = "";
  open(false);
  go({ place: id });
}

function typed(event) {
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
  const current = picker.shown.findIndex(([, node]) => node.getAttribute("aria-selected") === "true");
  if (event.key in steps) {
    event.preventDefault();
    open(true);
    activate((picker.active < 0 ? (byId("search").value ? -1 : current) : picker.active) + steps[event.key]);
  } else if (event.key === "Enter") chosen(picker.active < 0 && byId("search").value ? 0 : picker.active);
  else if (event.key === "Escape") { byId("search").value = ""; list(resolved()); open(false); }
}

function pickable() {
  const search = byId("search");
  search.addEventListener("input", () => { list(resolved(), search.value); open(true); });
  search.addEventListener("focus", () => open(true));
  search.addEventListener("keydown", typed);
  search.addEventListener("blur", () => setTimeout(() => open(false), 150));
  byId("list").addEventListener("pointerdown", (event) => event.preventDefault());
  byId("list").addEventListener("click", (event) => {
    const node = event.target.closest("[role=option]");
    if (node) { chosen(picker.shown.findIndex(([, one]) => one === node)); search.blur(); }
  });
  narrow.addEventListener("change", () => open(false));
  open(false);
}
