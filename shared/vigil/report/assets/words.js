// Numbers, dates and elements, as people read them. Text is only ever set as text.

const DAY = 86400000;
const dateOf = (day) => new Date(day * DAY);

const written = (options) => {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
  return (day) => format.format(typeof day === "number" ? dateOf(day) : new Date(day));
};
const fullDate = written({ day: "numeric", month: "long", year: "numeric" });
const shortDate = written({ day: "numeric", month: "short" });
const tableDate = written({ day: "numeric", month: "short", year: "numeric" });
const moment = written({ day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

const places0 = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const places1 = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const places2 = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });

const signed = (text) => text.replace(/^-/, "\u2212");

function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  return signed((size >= 100 ? places0 : size >= 10 ? places1 : places2).format(value));
}

// As many digits as a forecast deserves.
function about(value, width, least = Math.abs(value) < 10 ? -1 : 0) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) >= 1e6 && width > Math.abs(value) / 500) return `${about(value / 1e6, width / 1e6, -2)} million`;
  const finest = width > 0 ? Math.floor(Math.log10(width)) - 1 : Math.floor(Math.log10(Math.max(Math.abs(value), 1))) - 2;
  const digits = Math.max(finest, least);
  const rounded = Math.round(value / 10 ** digits) * 10 ** digits;
  return signed(new Intl.NumberFormat("en-GB", { maximumFractionDigits: Math.max(-digits, 0) }).format(rounded || 0));
}

const percent = (share, plus = false) => {
  if (share === null || share === undefined) return "–";
  const whole = Math.round(100 * share) || 0;
  return `${whole > 0 && plus ? "+" : ""}${signed(String(whole))}%`;
};
const range = (low, high) => `${low} to ${high}`;
const between = (low, high) => `${low} and ${high}`;
const many = (count, one, more = `${one}s`) => `${places0.format(count)} ${count === 1 ? one : more}`;
const opening = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made && typeof value !== "string") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);
const fill = (id, ...children) => byId(id).replaceChildren(...children.flat().filter(Boolean));
const notice = (text) => el("p", { class: "notice" }, text);

function grid(caption, head, rows, name = "") {
  return el("div", { class: `scroll ${name}` }, el("table", {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, rows.map(([first, ...cells]) =>
      el("tr", {}, el("th", { scope: "row" }, first), cells.map((cell) => el("td", {}, cell)))))));
}
