// How a page comes to be: its data is unpacked, what all pages say is said, the rest is drawn.

async function start() {
  DATA = await unpacked(byId("data").textContent);
  byId("data").remove();
  fill("knowing", knowing());
  fill("notices", DATA.notices.map(notice));
  fill("health", health());
  fill("footer", footer());
  byId("skip").addEventListener("click", () => byId("main").focus());
  begin();
}

// Drawn anew whenever its width is another.
function resized(box, draw) {
  let width = box.clientWidth;
  new ResizeObserver(([{ target }]) => {
    if (target.clientWidth === width) return;
    width = target.clientWidth;
    draw();
  }).observe(box);
}

// When the first picture stands, in milliseconds since the page was asked for.
function measured() {
  const seen = () => (document.documentElement.dataset.drawn = String(Math.round(performance.now())));
  requestAnimationFrame(() => requestAnimationFrame(seen));
}

start().then(measured, (reason) => {
  byId("frame").hidden = true;
  byId("broken").hidden = false;
  byId("broken").textContent = `This page cannot be shown: ${reason.message}. It needs a browser of 2023 or later.`;
  throw reason;
});
