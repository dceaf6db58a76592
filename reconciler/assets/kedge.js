// Kedge UI script: shortcuts, live fragments, log filter/follow, theme. No dependencies.
// Every page is complete without it; this file only saves the reader a reload. It is a module: strict, deferred and
// with names of its own.
const $ = (s, r = document) => r.querySelector(s);
const $$ = (s, r = document) => [...r.querySelectorAll(s)];
const el = id => document.getElementById(id);
const make = (tag, of) => Object.assign(document.createElement(tag), of);
const root = $("html"), set = document.body.dataset;
const tt = window.trustedTypes?.createPolicy("kedge", { createHTML: s => s }); // the only HTML sink below
const tell = text => { el("said").textContent = text; };        // those who do not see it

// Theme: the server sets data-theme from this cookie.
const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
const flip = () => { const t = root.dataset.theme = dark() ? "light" : "dark"; document.cookie = `theme=${t}; Path=/; Max-Age=30000000; SameSite=Lax`; };
$$("[data-theme-toggle]").forEach(b => b.addEventListener("click", flip));

// A stream is open while its page can be seen. One that breaks off goes on from where it was, later each time and
// not all pages at once; who is signed out is led to sign-in. What `take` has says true when nothing more comes.
const stream = (src, lost, take) => {
  let es, timer, tries = 0;
  const failed = ({ status }) => {
    if (status === 401) lost(make("a", { className: "link", href: "", textContent: "Signed out: sign in" })); // this page asks for it
    else { lost("Not connected"); timer = setTimeout(open, Math.min(2e3 * 2 ** tries++, 6e4) * (.5 + Math.random())); }
  };
  const open = () => {
    clearTimeout(timer); es?.close();
    if (!src || document.hidden) return;
    es = new EventSource(src);
    es.onerror = () => { es.close(); fetch("/live?topics=", { method: "HEAD" }).then(failed, failed); };
    for (const name in take) es.addEventListener(name, e => {
      tries = 0;
      if (e.lastEventId) src = src.replace(/after=[^&]*/, `after=${encodeURIComponent(e.lastEventId)}`);
      if (take[name](JSON.parse(e.data))) { es.close(); src = ""; }
    });
  };
  open();
  document.addEventListener("visibilitychange", open);
};

// Where the reader is outlives the replacement of an element.
const boxes = e => [e, ...$$(".scroll, .graph, pre", e)];
const links = e => $$("a[href]", e);
const top = e => e.getBoundingClientRect().top;
const waiting = new Map(), free = id => !el(id)?.contains(document.activeElement); // never move the reader's focus
const settle = all => waiting.forEach((html, id) => { if (all || free(id)) { waiting.delete(id); replace(id, html); } });
const replace = (id, html) => {
  const old = el(id);
  if (!old) return;
  const t = make("template"), title = $("h1").textContent, at = boxes(old).map(b => [b.scrollLeft, b.scrollTop]);
  const seen = scrollY && links($("main")).find(a => top(a) > 48), y = seen && top(seen);
  const same = e => links(e).filter(a => a.href === seen.href), nth = seen && same(old).indexOf(seen) - same(old).length;
  t.innerHTML = tt ? tt.createHTML(html) : html;                // same origin, escaped by the server
  old.replaceWith(t.content);
  const now = el(id);
  if (!now) return;
  boxes(now).forEach((b, i) => { [b.scrollLeft, b.scrollTop] = at[i] || []; });
  const is = seen && (seen.isConnected ? seen : same(now).at(nth));
  if (is) scrollBy(0, top(is) - y);
  if ($("h1").textContent !== title) tell($("h1").textContent);
};

// Live fragments: the server sends {"id": "...", "html": "..."}; the element with that id is replaced.
const src = set.events;
if (src) {
  const badge = $(".live");
  let last = Date.now(), seen = last, state = "live";
  const say = (now, what) => { badge.dataset.state = now; badge.replaceChildren(what); if (state !== now) { state = now; tell(badge.textContent); } };
  const beat = () => { last = Date.now(); el("old") ? say("stale", "Stale") : say("live", "Live"); delete set.stale; };
  stream(src, what => say(what.href ? "out" : "stale", what), {
    beat,
    reload: () => { location.reload(); return true; },           // the server no longer knows what we missed
    fragment: ({ id, html }) => { waiting.set(id, html); settle(); beat(); },
  });
  addEventListener("focusout", () => setTimeout(settle));
  document.addEventListener("visibilitychange", () => { seen = Date.now(); });
  setInterval(() => {
    const s = Math.round((Date.now() - last) / 1e3);
    if (s < 21 || Date.now() - seen < 2e4 || state === "out") return;
    say("stale", `Stale · ${s} s`);
    if (s > 60) set.stale = new Date(last).toLocaleTimeString("en-GB", { timeZone: set.zone });
  }, 5e3);
}

// A mark of the tape stands in a picture, where browsers take no links to load early: one outside says where it leads.
addEventListener("focusin", e => { const a = e.target.closest(".tape svg a"); if (a && el("ahead")) el("ahead").href = a.href.baseVal; });

// Log: lines as they come, filter, follow. At most 5,000 lines are kept in the page.
const log = $("#log"), lf = $("#log-filter"), fo = $("#log-follow"), lc = $("#log-count");
if (log) {
  let re = /(?:)/, queue = [], timer, waits;
  const lines = (which = "") => $$("li:not(.sepr)" + which, log);
  const tell = () => { lc.textContent = (lf.value ? `${lines(":not([hidden])").length} of ` : "") + `${lines().length} line${lines().length - 1 ? "s" : ""}`; };
  const tail = () => { if (fo.checked) log.scrollTop = log.scrollHeight; };
  const add = className => log.appendChild(make("li", { className }));
  const note = what => { ($(".sepr", log) || add("sepr")).replaceChildren(what); tail(); };
  // Thousands may come in a second: they are put in some times a second, all at once.
  const flush = () => {
    $(".sepr", log)?.remove();
    for (const l of queue) {
      if (l.level) log.classList.remove("plain");
      const li = add(l.class), part = (tag, className, textContent) => make(tag, { className, textContent });
      li.append(part("time", "", l.clock), part("span", "lv", l.level), part("span", "m", l.text));
      li.hidden = !re.test(li.textContent);
    }
    queue = [];
    timer = waits = 0;
    const gone = lines().slice(0, -5e3);
    gone.forEach(l => l.remove());
    log.start += gone.length;                                    // lines keep their numbers
    tell(); tail();
  };
  lf.addEventListener("input", () => {
    try { re = new RegExp(lf.value, "i"); lf.ariaInvalid = null; } catch { lf.ariaInvalid = "true"; return; }
    lines().forEach(l => { l.hidden = !re.test(l.textContent); });
    tell();
  });
  fo.addEventListener("change", tail);
  log.addEventListener("scroll", () => { fo.checked = log.scrollHeight - log.scrollTop - log.clientHeight < 24; });
  tail();
  stream(log.dataset.stream, what => note(what.href ? what : waits || what), {
    log: l => { queue.push(l); timer ||= setTimeout(flush, 50); },
    wait: ({ text }) => note(waits = text),
    end: ({ text }) => { flush(); note(text); return true; },
  });
}

// Copy buttons. Browsers lend the clipboard to pages over TLS alone; the older way needs none.
document.addEventListener("click", e => {
  const b = e.target.closest("[data-copy]"), text = b?.dataset.copy;
  if (!b) return;
  const done = ok => tell(b.title = ok ? "Copied" : "Not copied");
  const old = () => { const t = make("textarea", { value: text, className: "sr" }); b.after(t); t.select(); done(document.execCommand("copy")); t.remove(); b.focus(); };
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => done(1), old); else old();
});

// Shortcuts: single keys, never while typing; can be turned off in preferences (WCAG 2.1.4).
const go = { a: "/apps", r: "/rollouts", n: "/nodes", d: "/changes" };
let g = 0;
if (!set.keys) addEventListener("keydown", e => {
  const k = e.key, on = e.target;
  if (e.metaKey || e.ctrlKey || e.altKey || $("dialog[open]") || on.matches("input, textarea, select")) { if (k === "Escape") on.blur(); return; }
  if (Date.now() - g < 900) { g = 0; if (go[k]) location.href = go[k]; return; }
  if (k === "g") g = Date.now();
  else if (k === "/") { e.preventDefault(); (lf || $("#search")).focus(); }
  else if (k === "?") $("#help").showModal();
  else if (k === "t") flip();
  else if (/^([[\]]|Arrow[LR].*)$/.test(k) && !on.hasAttribute("tabindex")) $$(`${k[1] ? ".tape " : ""}[rel=${/[[L]/.test(k) ? "prev" : "next"}]`).pop()?.click();
  else if (k === "w") { const a = $("[data-why]"); if (a) a.click(); else $("#why")?.scrollIntoView(); }
  else if (k === "f" && fo) fo.click();
  else if (k === "s" || k === "u") $(`#v-${k}`)?.click();
  else if (k === "Escape") $(".dlg > footer a")?.click();
  else if (k === "j" || k === "k") {
    settle(1);                                                     // the focus goes on: what waited for it comes in
    const all = $$("main :is(tbody:not(.diff *) tr, li):has(a[href])").filter(r => r.offsetParent);
    const at = is => all.findIndex(r => links(r).some(is)), here = at(a => a === on);
    const to = all[(here < 0 ? at(a => a.href === on.href) : here) + (k === "j" ? 1 : -1)];
    if (to) links(to)[0].focus();
  }
});
