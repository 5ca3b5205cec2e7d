// The page of a classified dataset: counts, rates and curves of many, never one.

const CAVEAT = "A probability says how often such cases turn out so, as far as others like them have; of a single one it makes nothing certain. Nobody single is in this page.";

function figure(name, value, detail) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, el("b", {}, value), el("span", {}, detail)));
}

function figures() {
  const all = ofAll(DATA.bands);
  const made = [];
  if (all.length) made.push(figure(opening(DATA.noun), number(count(all)), "scored: their outcome is not known yet"));
  if (told(all)) made.push(figure("Flagged", percent(count(all.filter(isFlagged)) / count(all)), `${number(count(all.filter(isFlagged)))}, at ${percent(DATA.threshold)} or more`));
  if (all.length) made.push(figure("To be expected", percent(expected(all) / count(all)), `some ${about(expected(all), 0)} turn out so`));
  const row = DATA.judged;
  if (row?.true_positives !== undefined) made.push(figure("Flags that are right", percent(row.true_positives / (row.true_positives + row.false_positives)), "of those set in cross-validation"));
  return made;
}

function model() {
  if (!DATA.model) return [el("p", {}, "No trained model serves. The base rate says of each how many of those whose outcome is known turned out so.")];
  return [facts("page", DATA.published?.issued_at ?? DATA.made, judged("Brier score", ["group of people", "groups of people"])),
    DATA.judged?.covered == null ? null : el("p", { class: "quiet" }, `Beside the probability each gets a set of answers (yes, no, or either) that should hold the outcome 90 times of 100. In cross-validation it did ${rounded(DATA.judged.covered, 1)} times.`)];
}

const knowing = () => (DATA.published ? ["Scored by what was known on ", el("strong", {}, moment(DATA.published.issued_at)), "."] : []);

function begin() {
  if (!DATA.published && !DATA.model) return;
  byId("frame").hidden = false;
  byId("question").textContent = `${DATA.question}?`;
  byId("lead").textContent = `A probability for each of the ${DATA.noun} whose outcome is not known yet; here in sums, with how far such probabilities have come true.`;
  fill("figures", figures());
  for (const [id, made] of Object.entries({ bands, flags, drivers, trust, apart, scores, groups, models, drift, model })) fill(id, made());
  draw();
  resized(byId("main"), draw);
}
