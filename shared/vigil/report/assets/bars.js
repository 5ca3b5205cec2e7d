// How many are how much at risk, in all and by group; what a flag means; what the model leans on.

const BAND = {
  low: ["Low", "low"], moderate: ["Moderate", "moderate"], raised: ["Raised", "raised"], high: ["High", "high"],
  "not flagged": ["Not flagged", "moderate"], flagged: ["Flagged", "high"], all: ["All", "moderate"],
};
const sum = (rows, of) => rows.reduce((total, row) => total + of(row), 0);
const count = (rows) => sum(rows, (row) => row.n);
const expected = (rows) => sum(rows, (row) => row.n * row.mean_probability);
const isFlagged = (row) => row.lower > 0 && row.band !== "moderate";
const told = (rows) => rows.some((row) => row.band !== "all");
const fieldName = (field) => field.replaceAll("_", " ");
const ofAll = (parts) => parts.find((part) => part.field === "")?.rows ?? [];

function edges(row) {
  const [from, to] = [percent(row.lower), percent(row.upper)];
  return row.lower === 0 ? (row.upper === 1 ? "any probability" : `under ${to}`) : row.upper === 1 ? `${from} and more` : `${from} to ${to}`;
}

const stack = (parts, name = "") =>
  el("div", { class: `stack ${name}`, "aria-hidden": "true" }, parts.map(([share, of]) => el("i", { class: of, style: `flex:${share}` })));

const segments = (rows) => rows.map((row) => [row.n, BAND[row.band][1]]);

function bands() {
  const all = ofAll(DATA.bands);
  if (!all.length) return [el("p", { class: "quiet" }, "There are too few to be counted here: no number below ten is shown.")];
  const total = count(all);
  return [
    told(all) ? el("p", { class: "quiet" }, `Blue is not flagged, orange is: a probability of ${percent(DATA.threshold)} or more.`) : null,
    stack(segments(all), "big"),
    el("dl", { class: "bands" }, all.map((row) => el("div", { class: BAND[row.band][1] },
      el("dt", {}, el("i", { "aria-hidden": "true" }), BAND[row.band][0]),
      el("dd", {}, el("b", {}, number(row.n)), el("span", {}, `${percent(row.n / total)} of all; ${edges(row)}`))))),
    el("div", { class: "kinds" }, DATA.bands.filter((part) => part.field).map(byGroup)),
    el("p", { class: "note" }, "No number below ten is shown: groups with fewer in one of the bands are counted together as “other”."),
  ];
}

const grouped = (rows) => [...d3.group(rows, (row) => row.value)];

function byGroup({ field, rows }) {
  const split = told(rows);
  const head = ["", ...(split ? ["By risk", "Flagged"] : []), "Expected", "All"];
  const lines = grouped(rows).map(([value, own]) => {
    const total = count(own);
    return el("tr", {}, el("th", { scope: "row" }, value),
      split ? el("td", { class: "wide" }, stack(segments(own))) : null,
      split ? el("td", {}, percent(count(own.filter(isFlagged)) / total)) : null,
      el("td", {}, percent(expected(own) / total)), el("td", {}, number(total)));
  });
  return el("div", { class: "kind" }, el("h4", {}, fieldName(field)),
    el("div", { class: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col", class: text === "By risk" ? "by" : "" }, text)))), el("tbody", {}, lines))),
    el("details", {}, el("summary", {}, `Counts by ${fieldName(field)} and risk`), counts(field, rows)));
}

function counts(field, rows) {
  const names = Object.keys(BAND).filter((band) => rows.some((row) => row.band === band));
  return grid(`${opening(DATA.noun)} by ${fieldName(field)} and risk`, [fieldName(field), ...names.map((band) => BAND[band][0]), "All"],
    grouped(rows).map(([value, own]) => [value, ...names.map((band) => number(count(own.filter((row) => row.band === band)))), number(count(own))]));
}

const key = (of, text) => el("span", { class: `key ${of}` }, el("i", { "aria-hidden": "true" }), text);
const rounded = (part, whole) => Math.round((100 * part) / whole);
const asked = () => `“${DATA.question}”`;

function flags() {
  const row = DATA.judged;
  if (row?.true_positives === undefined) return [el("p", { class: "quiet" }, "Too few outcomes are known to say: ten of each kind of answer are needed.")];
  const { true_positives: hits, false_positives: alarms, false_negatives: missed, true_negatives: rest } = row;
  const [right, found, slipped] = [rounded(hits, hits + alarms), rounded(hits, hits + missed), rounded(missed, missed + rest)];
  return [
    el("p", { class: "quiet" }, `A flag is set from ${percent(DATA.threshold)} on: ${costs()}.`),
    of100(right, el("p", {}, `Of 100 ${DATA.noun} that are flagged, `, el("strong", {}, `${right} turn out`), ` ${asked()}; ${100 - right} are false alarms.`)),
    of100(found, el("p", {}, "Of 100 that turn out so, ", el("strong", {}, `${found} are flagged`), `; ${100 - found} are missed.`)),
    of100(slipped, el("p", {}, "Of 100 that are not flagged, ", el("strong", {}, `${slipped} turn out so`), " all the same.")),
    el("p", { class: "note" }, `Counted on ${number(row.n)} ${DATA.noun} whose outcome is known, each judged by a model that had seen nothing of the same person.`),
  ];
}

function costs() {
  const { missed, false_alarm: alarm } = DATA.costs;
  if (missed === alarm) return "to miss one costs as much as a false alarm";
  return missed > alarm ? `to miss one costs ${number(missed / alarm)} times as much as a false alarm` : `a false alarm costs ${number(alarm / missed)} times as much as to miss one`;
}

const of100 = (share, said) => el("div", { class: "of100" }, said, stack([[share, "yes"], [100 - share, "no"]]));

const MANY = 8; // features

function drivers() {
  const rows = DATA.drivers;
  if (!rows.length) return [el("p", { class: "quiet" }, "Nothing is known of this before a trained model has been asked.")];
  const [most, all] = [rows[0].size, sum(rows, (row) => row.size)];
  const line = (row) => el("tr", {}, el("th", { scope: "row" }, fieldName(row.feature)),
    el("td", {}, el("i", { style: `width:${(100 * row.size) / most}%`, "aria-hidden": "true" })), el("td", {}, row.size / all < 0.01 ? "<1%" : percent(row.size / all)));
  const parts = (own) => el("table", { class: "bars" },
    el("thead", {}, el("tr", {}, ["Feature", "", "Part"].map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, own.map(line)));
  return [
    el("p", { class: "quiet" }, `What moves the probabilities up or down, over all ${DATA.noun} that were scored; of each the five strongest count.`),
    parts(rows.slice(0, MANY)),
    rows.length > MANY ? el("details", {}, el("summary", {}, `${many(rows.length - MANY, "more feature")}`), parts(rows.slice(MANY))) : null,
  ];
}
