// What is looked at stands in the address, so that a link leads to the same view.

const asked = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

function go(change) {
  const said = { ...asked(), ...change };
  const next = new URLSearchParams(Object.entries(said).filter(([, value]) => value !== null && value !== ""));
  location.hash = next.toString();
}

const measuresOf = (place) => DATA.measures.map((one, i) => i).filter((i) => DATA.measures[i].series.includes(place));

// How much there has been of the first target in a place.
function size(place) {
  const measure = DATA.measures.find((one) => one.target === DATA.measures[0].target && one.series.includes(place));
  const period = measure && (measure.periods.week || Object.values(measure.periods)[0]);
  return period ? d3.sum(cut(period.actual, measure.series.indexOf(place), period.days.length)) : -Infinity;
}

// The largest place that stands under no other: where a reader most likely begins.
function firstPlace() {
  const listed = DATA.places.filter((place) => place.id !== null);
  const top = listed.filter((place) => place.depth === 0);
  const among = top.length ? top : listed;
  return (DATA.measures[0].counts ? d3.greatest(among, (place) => size(place.id)) : among[0]).id;
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
  const past = hash.past === "none" || of(measure).earlier.some((one) => String(one.made) === hash.past);
  return { place, measure, by, span, past: past ? hash.past : "all", ahead: Number(hash.ahead) || 0 };
}
