// Kedge UI script: shortcuts, live fragments, log filter/follow, theme. No dependencies.
// Every page is complete without it; this file only saves the reader a reload.
(() => {
  "use strict";
  const $ = (s, r = document) => r.querySelector(s);
  const $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const root = document.documentElement;
  const tt = window.trustedTypes?.createPolicy("kedge", { createHTML: s => s }); // the only HTML sink below

  // Theme: the server sets data-theme from this cookie.
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const flip = () => { const t = root.dataset.theme = dark() ? "light" : "dark"; document.cookie = `theme=${t}; Path=/; Max-Age=31536000; SameSite=Lax`; };
  $$("[data-theme-toggle]").forEach(b => b.addEventListener("click", flip));

  // What the reader chose inside an element outlives its replacement.
  const chosen = e => $$("input[id]", e).map(i => [i.id, i.type === "radio" || i.type === "checkbox" ? "checked" : "value", i.type === "radio" || i.type === "checkbox" ? i.checked : i.value]);
  const choose = all => all.forEach(([id, key, value]) => { const i = document.getElementById(id); if (i) i[key] = value; });
  const replace = (id, html) => {
    const old = document.getElementById(id);
    if (!old) return;
    const t = document.createElement("template");
    t.innerHTML = tt ? tt.createHTML(html) : html;                // same origin, escaped by the server
    const kept = chosen(old), left = $(".scroll, .graph", old)?.scrollLeft;
    old.replaceWith(t.content);
    choose(kept);
    const now = document.getElementById(id), box = now && $(".scroll, .graph", now);
    if (box && left) box.scrollLeft = left;
    filterRows();
  };

  // Live fragments: the server sends {"id": "...", "html": "..."}; the element with that id is replaced.
  const src = document.body.dataset.events;
  if (src) {
    const badge = $(".live"), waiting = new Map();
    let es, url = src, last = Date.now();
    const say = (state, text) => { if (badge && badge.textContent !== text) { badge.dataset.state = state; badge.textContent = text; } };
    const beat = () => { last = Date.now(); say("live", "Live"); delete document.body.dataset.stale; };
    const open = () => {
      es = new EventSource(url);
      es.addEventListener("beat", beat);
      es.addEventListener("reload", () => { es.close(); location.reload(); }); // the server no longer knows what we missed
      es.addEventListener("fragment", e => {
        beat();
        url = src.replace(/after=\d+/, `after=${e.lastEventId}`);
        const { id, html } = JSON.parse(e.data), old = document.getElementById(id);
        if (old?.contains(document.activeElement)) waiting.set(id, html); // never move the reader's focus
        else { waiting.delete(id); replace(id, html); }
      });
    };
    addEventListener("focusout", () => setTimeout(() => waiting.forEach((html, id) => {
      if (!document.getElementById(id)?.contains(document.activeElement)) { waiting.delete(id); replace(id, html); }
    })));
    if (!document.hidden) open();
    document.addEventListener("visibilitychange", () => { es?.close(); if (!document.hidden) open(); });
    setInterval(() => { const s = Math.round((Date.now() - last) / 1000); if (s > 20 && !document.hidden) say("stale", `Stale · ${s} s`); if (s > 60) document.body.dataset.stale = new Date(last).toISOString().slice(11, 19); }, 5000);
  }

  // Log: lines as they come, filter, follow. At most 5,000 lines are kept in the page.
  const log = $("#log"), lf = $("#log-filter"), fo = $("#log-follow"), lc = $("#log-count");
  if (log) {
    let re = /(?:)/, count = $$("li:not(.sepr)", log).length;
    const tell = () => { if (lc) lc.textContent = lf.value ? `${$$("li:not(.sepr):not([hidden])", log).length} of ${count} lines` : `${count} lines`; };
    const apply = () => {
      try { re = new RegExp(lf.value, "i"); lf.removeAttribute("aria-invalid"); } catch { lf.setAttribute("aria-invalid", "true"); return; }
      $$("li:not(.sepr)", log).forEach(l => { l.hidden = !re.test(l.textContent); });
      tell();
    };
    const tail = () => { if (fo.checked) log.scrollTop = log.scrollHeight; };
    const add = (name, parts) => {
      const li = document.createElement("li");
      li.className = name;
      for (const [tag, cls, text] of parts) { const e = li.appendChild(document.createElement(tag)); e.className = cls; e.textContent = text; }
      return log.appendChild(li);
    };
    lf.addEventListener("input", apply); fo.addEventListener("change", tail);
    log.addEventListener("scroll", () => { fo.checked = log.scrollHeight - log.scrollTop - log.clientHeight < 24; }, { passive: true });
    tail();
    if (log.dataset.stream) {
      const es = new EventSource(log.dataset.stream);
      es.addEventListener("log", e => {
        const l = JSON.parse(e.data);
        $(".sepr", log)?.remove();
        if (l.level) log.classList.remove("plain");
        const li = add(l.class, [["time", "", l.clock], ["span", "lv", l.level], ["span", "m", l.text]]);
        li.hidden = !re.test(li.textContent);
        if (++count > 5000) { log.firstElementChild.remove(); count--; }
        tell(); tail();
      });
      es.addEventListener("wait", e => {
        const text = JSON.parse(e.data).text, note = $(".sepr", log);
        if (note) note.textContent = text; else add("sepr", [["span", "", text]]);
      });
      es.addEventListener("end", e => { es.close(); add("sepr", [["span", "", JSON.parse(e.data).text]]); tail(); });
    }
  }
  const tf = $("#table-filter");
  function filterRows() { if (tf?.value) { const v = tf.value.toLowerCase(); $$("#apps [data-row]").forEach(r => { r.hidden = !r.textContent.toLowerCase().includes(v); }); } else if (tf) $$("#apps [data-row][hidden]").forEach(r => { r.hidden = false; }); }
  tf?.addEventListener("input", filterRows);

  // Copy buttons.
  document.addEventListener("click", e => {
    const b = e.target.closest("[data-copy]"); if (!b) return;
    navigator.clipboard?.writeText(b.dataset.copy); b.setAttribute("aria-label", "Copied");
  });

  // Shortcuts: single keys, never while typing; can be turned off in preferences (WCAG 2.1.4).
  const go = { a: "/apps", r: "/rollouts", n: "/nodes", d: "/changes" };
  let g = 0;
  if (!document.body.dataset.keys) addEventListener("keydown", e => {
    if (e.metaKey || e.ctrlKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName)) { if (e.key === "Escape") e.target.blur?.(); return; }
    const k = e.key;
    if (g && Date.now() - g < 900) { g = 0; if (go[k]) location.href = go[k]; return; }
    if (k === "g") { g = Date.now(); return; }
    if (k === "/") { e.preventDefault(); ($("#log-filter") || $("#search"))?.focus(); }
    else if (k === "?") $("#help")?.showModal();
    else if (k === "t") flip();
    else if (/^[[\]]$/.test(k) || $("#past") && /^Arrow[LR]/.test(k)) $(`[rel=${/[[L]/.test(k) ? "prev" : "next"}]`)?.click();
    else if (k === "w") $("#why")?.scrollIntoView();
    else if (k === "f" && fo) { fo.checked = !fo.checked; fo.dispatchEvent(new Event("change")); }
    else if (k === "s" || k === "u") { const r = $(k === "s" ? "#v-split" : "#v-uni"); if (r) r.checked = true; }
    else if (k === "j" || k === "k") {
      const rows = $$("[data-row]:not([hidden])"); if (!rows.length) return;
      let i = rows.findIndex(r => r.getAttribute("aria-selected") === "true");
      rows[i]?.removeAttribute("aria-selected");
      i = Math.max(0, Math.min(rows.length - 1, i + (k === "j" ? 1 : -1)));
      rows[i].setAttribute("aria-selected", "true"); rows[i].scrollIntoView({ block: "nearest" });
    } else if (k === "Enter") { const a = $("[data-row][aria-selected=true] a"); if (a) a.click(); }
  });
})();
