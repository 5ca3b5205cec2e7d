// What is looked at stands in the address, so that a link leads to the same view.

const asked = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

function go(change) {
  const said = { ...asked(), ...change };
  const next = new URLSearchParams(Object.entries(said).filter(([, value]) => value !== null && value !== ""));
  location.hash = next.toString();
}

const measuresOf = (place) => DATA.measures.map((one, i) => i).filter((i) => DATA.measures[i].series.includes(place));

// The largest place of the first target: where a reader most likely begins.
function firstPlace() {
  const measure = DATA.measures[0];
  const period = measure.periods.week || measure.periods.day || Object.values(measure.periods)[0];
  const width = period.days.length;
  const sizes = measure.series.map((name, i) => Math.abs(cut(period.actual, i, width).reduce((sum, value) => sum + (value || 0), 0)));
  const listed = DATA.places.find((place) => measure.series.includes(place.id));
  const largest = measure.series[sizes.indexOf(Math.max(...sizes))];
  return measure.counts ? largest : listed.id;
}

function resolved() {
  const hash = asked();
  const place = DATA.places.some((one) => one.id && one.id === hash.place) ? hash.place : firstPlace();
  const own = measuresOf(place);
  const of = (i) => DATA.measures[i];
  const same = own.filter((i) => of(i).target === hash.target);
  const measure = same.find((i) => of(i).source === hash.source) ?? same[0] ?? own[0];
  const periods = Object.keys(of(measure).periods);
  const grain = periods.includes(DATA.grain) ? DATA.grain : periods[0];
  const by = periods.includes(hash.by) ? hash.by : grain;
  const span = SPANS[hash.span] ? Number(hash.span) : by === "week" ? 122 : 61;
  return { place, measure, by, span, past: hash.past || "all", ahead: Number(hash.ahead) || 0 };
}
