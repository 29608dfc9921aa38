"use strict";
(function () {
  const ALIVE = "kesu board";
  const REFRESH = 30 * 1000;
  const PATIENCE = 10 * 1000;
  const SOON = 30 * 60 * 1000;
  const STALE = 3 * 60 * 1000;

  const PROBE = "?probe=";

  // The copy in the hidden frame only says that the file can be read: see refresh().
  if (window.parent !== window && location.search.startsWith(PROBE)) {
    window.parent.postMessage(ALIVE, "*");
    return;
  }

  const find = (id) => document.getElementById(id);
  const asOf = Date.parse(document.body.dataset.asOf);
  const days = document.body.dataset.days;
  const rows = Array.from(document.querySelectorAll("tr[data-due]"), (row) => ({
    row, due: Date.parse(row.dataset.due), time: row.querySelector(".time .clock"),
  }));

  function span(milliseconds) {
    const seconds = Math.floor(Math.abs(milliseconds) / 1000);
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const minutes = two(Math.floor(seconds / 60) % 60);
    if (hours < 24) return hours + ":" + minutes + ":" + two(seconds % 60);
    return days.replace("{n}", Math.floor(hours / 24)) + " " + (hours % 24) + ":" + minutes;
  }

  function show(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function count(id, number) {
    show(find(id), String(number));
    find(id).parentElement.classList.toggle("some", number > 0);
  }

  function tick() {
    const now = Date.now();
    let over = 0, soon = 0;
    for (const { row, due, time } of rows) {
      const left = due - now;
      const state = left < 0 ? "over" : left < SOON ? "soon" : "running";
      over += state === "over";
      soon += state === "soon";
      if (row.className !== state) row.className = state;
      show(time, span(left));
    }
    count("over", over);
    count("soon", soon);
    const age = now - asOf;
    find("stale").hidden = age < STALE;
    show(find("age"), String(Math.floor(age / 60000)));
    find("ahead").hidden = age > -STALE;
  }

  // Where storage is refused (some browsers refuse it to files) everything works but for the scroll position.
  function recall(key) {
    try { return sessionStorage.getItem(key); } catch (refused) { return null; }
  }

  function remember(key, value) {
    try { sessionStorage.setItem(key, value); } catch (refused) { return; }
  }

  function reload() {
    remember("scroll", String(window.scrollY));
    location.reload();
  }

  // A page that reloads while the share is away ends as the browser's error page and never comes back by itself.
  // So a hidden frame loads the file first; only when that copy answers is the page itself loaded anew. A browser
  // that never let a frame answer is reloaded at once.
  let probe = null;
  window.addEventListener("message", (event) => {
    if (probe === null || event.source !== probe.contentWindow || event.data !== ALIVE) return;
    remember("answers", "yes");
    reload();
  });

  function refresh() {
    if (probe !== null) probe.remove();
    probe = document.createElement("iframe");
    probe.hidden = true;
    probe.src = location.href.split(/[?#]/)[0] + PROBE + Date.now();
    document.body.append(probe);
    if (recall("answers") === null) setTimeout(reload, PATIENCE);
  }

  const scroll = recall("scroll");
  if (scroll !== null) window.scrollTo(0, Number(scroll));
  tick();
  setInterval(tick, 1000);
  setInterval(refresh, REFRESH);
})();
