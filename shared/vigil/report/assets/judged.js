// How it did: by group, beside other models, on outcomes that came later; and whether anything changed.

const RECIPES = {
  trees: "boosted trees", logistic: "logistic regression", forest: "random forest", base_rate: "the base rate",
};
const SPLIT = {
  crossed: "Cross-validation: people kept together", grouped: "A fifth of the people held out", random: "A fifth of the records held out",
};
const decimals = (value, digits = 3) => (value === null || value === undefined ? "–" : value.toFixed(digits));

const headed = (head, bodies, name = "") => el("div", { class: `scroll ${name}` }, el("table", {},
  el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))), bodies));
const line = (name, cells, of = "") => el("tr", { class: of }, el("th", { scope: "row" }, name), cells.map((cell) => (cell instanceof Node ? cell : el("td", {}, cell))));

function groups() {
  const parts = DATA.groups.filter((part) => part.field);
  if (!parts.length) return [el("p", { class: "quiet" }, "Nothing is shown by group: that needs ten of each kind of answer in two groups.")];
  const off = d3.max(parts.flatMap((part) => part.rows), (row) => Math.abs(row.mean_probability - row.positives / row.n));
  return [
    el("p", {}, "What was said and what came differ by ", el("strong", {}, `at most ${places1.format(100 * off)} percentage points`), " in any of these groups."),
    el("p", { class: "quiet" }, `Said: the mean probability. Came: how many turned out so. Right: of those flagged, how many turned out so. Found: of those that turned out so, how many were flagged. All in cross-validation.`),
    el("div", { class: "kinds" }, parts.map(byField)),
  ];
}

const byField = ({ field, rows }) => el("div", { class: "kind" }, el("h4", {}, fieldName(field)), rates(rows));

// What was said beside what came; how many flags were right, and how many were found.
function rates(rows) {
  return headed(["", "Said", "Came", "AUC", "Right", "Found", "All"], el("tbody", {}, rows.map((row) => line(row.value, [
    percent(row.mean_probability), percent(row.positives / row.n), decimals(row.auc, 2),
    percent(row.true_positives / (row.true_positives + row.false_positives)),
    percent(row.true_positives / (row.true_positives + row.false_negatives)), number(row.n),
  ]))));
}

const MEASURES = [["auc", "AUC", d3.max], ["average_precision", "AP", d3.max], ["brier", "Brier", d3.min], ["log_loss", "Log loss", d3.min], ["accuracy", "Accuracy", d3.max]];

function models() {
  if (!DATA.models.length) return [el("p", { class: "quiet" }, "No model has been trained yet.")];
  const splits = Object.keys(SPLIT).filter((split) => DATA.models.some((row) => row.split === split));
  return [
    el("p", { class: "quiet" }, "On records that none of them had learnt from. AUC, average precision (AP) and accuracy: higher is better. Brier and log loss: lower. The best in bold."),
    headed(["", ...MEASURES.map(([, name]) => name)], splits.map((split) => el("tbody", {},
      el("tr", {}, el("th", { colspan: "6", scope: "rowgroup" }, SPLIT[split])), beside(DATA.models.filter((row) => row.split === split)))), "full models"),
  ];
}

function beside(rows) {
  const best = Object.fromEntries(MEASURES.map(([name, , pick]) => [name, pick(rows, (row) => row[name])]));
  return d3.sort(rows, (row) => row.brier).map((row) => line(opening(RECIPES[row.model] || row.model),
    MEASURES.map(([name]) => el("td", { class: row[name] === best[name] ? "best" : "" }, decimals(row[name]))), row.model === DATA.judged?.model ? "ours" : ""));
}

const FAR = [[0.25, "another population", "moved"], [0.1, "moved", "moved"], [-1, "the same", ""]];
const far = (psi) => FAR.find(([from]) => psi > from);
const rare = (share) => (share === null ? "few" : share > 0 && share < 0.005 ? "<1%" : percent(share));

function drift() {
  if (!DATA.drift.length) return [el("p", { class: "quiet" }, `Nothing is known of this before ${DATA.noun} have been scored by a trained model.`)];
  const moved = DATA.drift.filter((row) => row.psi > 0.1);
  const said = moved.length ? `Of ${many(DATA.drift.length, "feature")}, ${moved.length} ${moved.length === 1 ? "is" : "are"} no longer as in what it learnt from.` : `All ${many(DATA.drift.length, "feature")} are as in what it learnt from.`;
  const rows = (own) => headed(["", "", "PSI", "New values", "Blank"], el("tbody", {}, own.map((row) => {
    const [, word, of] = far(row.psi);
    return line(fieldName(row.feature), [el("td", { class: `word ${of}` }, word), decimals(row.psi, 2), rare(row.unseen), rare(row.missing)]);
  })), "full drift");
  const first = Math.max(moved.length, 6);
  const rest = DATA.drift.slice(first);
  return [
    el("p", {}, said),
    rows(DATA.drift.slice(0, first)),
    rest.length ? el("details", {}, el("summary", {}, `The other ${rest.length}`), rows(rest)) : null,
    el("p", { class: "note" }, "PSI is the population stability index: up to 0.1 the same, above 0.25 another population. New values are those that it never learnt from."),
  ];
}

function scores() {
  const all = ofAll(DATA.scores);
  if (!all.length) return [el("p", { class: "quiet" }, "Each classification is scored by the outcome that comes after it. There is nothing to show before ten of each kind of answer have come.")];
  const newest = d3.sort(all, (a, b) => b.version.localeCompare(a.version, "en", { numeric: true }));
  const [row] = newest;
  const right = rounded(row.true_positives, row.true_positives + row.false_positives);
  return [
    el("p", {}, `Of ${number(row.n)} ${DATA.noun} that version ${row.version} had scored before their outcome came, it said ${percent(row.mean_probability)} on average, and `,
      el("strong", {}, `${percent(row.positives / row.n)} turned out so`), `. Of 100 that were flagged, ${right} did.`),
    headed(["Version", "Said", "Came", "AUC", "Brier", "Accuracy", "In the 90% set", "All"], el("tbody", {}, newest.map((one) => line(one.version, [
      percent(one.mean_probability), percent(one.positives / one.n), decimals(one.auc, 2), decimals(one.brier), percent(one.accuracy), percent(one.covered), number(one.n),
    ]))), "full versions"),
    el("div", { class: "kinds" }, DATA.scores.filter((part) => part.field).map(byField)),
  ];
}
