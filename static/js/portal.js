/* What makes the portal quicker to use. Every page and form works without it. */
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const on = (event, act, capture = false) => document.addEventListener(event, act, capture);
  const ready = (act) =>
    document.readyState === "loading" ? on("DOMContentLoaded", act) : act();
  const typing = (element) =>
    element?.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

  /* ---- colors: the cookie lets the server send the right theme with the first byte ---- */
  const savedTheme = () => /(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1] ?? "";
  function applyTheme(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const button of $$("[data-theme-choice]"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  }
  function chooseTheme(theme) {
    const age = theme ? 31536000 : 0;
    const safe = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax${safe}`;
    applyTheme(theme);
  }

  /* ---- the live region ---- */
  function say(text) {
    const live = $("#live");
    if (!live) return;
    live.textContent = "";
    setTimeout(() => (live.textContent = text), 60);
  }

  /* ---- drawer: focus goes in, Escape and Back close it, focus returns to what opened it ---- */
  let opener = null;
  let pushed = false;
  const drawer = () => $("#drawer > .drawer");
  const unsaved = (within = document) => $("form[data-guard][data-dirty]", within);
  const mayLeave = (within) =>
    !unsaved(within) || window.confirm("Leave without saving? What you typed is lost.");
  function shield() {
    const open = Boolean(drawer());
    for (const part of $$("body > :not(#drawer, #live, dialog, script)")) part.inert = open;
    root.classList.toggle("has-drawer", open);
  }
  function enterDrawer() {
    shield();
    const panel = drawer();
    if (!panel || panel.contains(document.activeElement)) return;
    ($("[data-focus]", panel) || $("[autofocus], .body :is(input, select):not([type=hidden])", panel)
      || $("#drawer-title", panel))?.focus();
  }
  function emptyDrawer() {
    const place = $("#drawer");
    if (!place?.firstElementChild) return;
    place.replaceChildren();
    shield();
    refocus();
  }
  function refocus() {
    const again = opener && `a[data-drawer][href="${CSS.escape(opener.getAttribute("href"))}"]`;
    const back = opener?.isConnected ? opener : again && $(again);
    (back || $("#main"))?.focus({ preventScroll: true });
    opener = null;
  }
  function closeDrawer() {
    const panel = drawer();
    if (!panel || !mayLeave(panel)) return;
    if (pushed) return history.back();
    if (!opener) return location.assign(panel.dataset.close || location.pathname);
    emptyDrawer();
  }
  function openedBy(element) {
    const link = element?.closest?.("a[data-drawer]");
    if (!link) return;
    opener = link;
    if (!pushed) {
      history.replaceState({ portal: true }, "");
      history.pushState({ drawer: link.getAttribute("href") }, "", link.getAttribute("href"));
    } else history.replaceState({ drawer: link.getAttribute("href") }, "", link.getAttribute("href"));
    pushed = true;
  }
  window.addEventListener("popstate", (event) => {
    pushed = false;
    if (event.state?.drawer && window.htmx) {
      pushed = true;
      window.htmx.ajax("GET", event.state.drawer, { target: "#drawer", swap: "innerHTML" });
    } else emptyDrawer();
  });

  /* ---- clicks ---- */
  on("click", (event) => {
    const target = event.target;
    const theme = target.closest("[data-theme-choice]");
    if (theme) chooseTheme(theme.dataset.themeChoice);
    if (target.closest("[data-keys]")) $("#keys")?.showModal();
    if (target.closest("[data-close-drawer], .scrim") && drawer() && (opener || pushed)) {
      event.preventDefault();
      closeDrawer();
    }
    if (target.closest("[data-retry]")) retry();
    const opens = target.closest("a[data-drawer]:not([hx-get])");
    // A drawer that is opened from a drawer takes its place, and what was typed there with it.
    if (opens && drawer()?.contains(opens) && !mayLeave(drawer())) return event.preventDefault();
    if (opens && window.htmx && !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)) {
      event.preventDefault();
      const url = opens.getAttribute("href");
      window.htmx.ajax("GET", url, { source: opens, target: "#drawer", swap: "innerHTML" });
    }
    const step = target.closest("[data-step]");
    if (step) stepBy(step);
    const copies = target.closest("[data-copy]");
    if (copies) copy(copies);
    for (const menu of $$("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
  });

  /* Where the browser lets no script copy, the text is chosen, so that one keystroke copies it. */
  async function copy(button) {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      return;
    }
    say(button.dataset.copied);
    button.dataset.name ??= button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = button.dataset.name), 2000);
  }

  function stepBy(button) {
    const field = $("input", button.parentElement);
    const now = Number(field.value.replace(/[^\d.-]/g, "")) || 0;
    const least = Number(field.min || field.dataset.min || 0);
    const most = field.max || field.dataset.max ? Number(field.max || field.dataset.max) : Infinity;
    const by = Number(button.dataset.step) * Number(field.dataset.by || 1);
    field.value = String(Math.min(most, Math.max(least, now + by)));
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /* ---- keys ---- */
  let gone = 0;
  on("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (event.key === "Tab" && drawer()) return trap(event);
    if (event.key === "Escape") return escape(event);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest?.("form[method=post i]");
      if (form) form.requestSubmit($(".primary", form) || undefined);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      const search = $$("[data-search]").find((field) => field.getClientRects().length);
      if (search) event.preventDefault(), search.focus(), search.select?.();
      else $('#keys a[data-key="/"]')?.click();
    } else if (event.key === "?") $("#keys")?.showModal();
    else if (event.key === "g") gone = Date.now();
    else if (Date.now() - gone < 1500 && !drawer()) {
      gone = 0;
      $(`#keys a[data-key="${CSS.escape(event.key)}"]`)?.click();
    } else if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") walk(event);
  });
  function escape(event) {
    const menu = $("details.menu[open]");
    if (menu) {
      menu.open = false;
      $("summary", menu).focus();
    } else if (drawer() && !$("dialog[open]")) {
      event.preventDefault();
      closeDrawer();
    }
  }
  function trap(event) {
    const stops = $$("a[href], button, input, select, textarea, summary, [tabindex='0']", drawer())
      .filter((e) => !e.disabled && e.tabIndex >= 0 && e.type !== "hidden" && e.getClientRects().length);
    const [first, last] = [stops[0], stops.at(-1)];
    if (!first) return;
    const outside = !drawer().contains(document.activeElement);
    if (event.shiftKey ? document.activeElement === first || outside : document.activeElement === last || outside) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  }

  /* ---- search: suggestions one can walk through; without scripts the form leads to the page ---- */
  const searchBox = () => $("#search-box");
  const options = () => $$("#search-hits [role=option][href]");
  const pointed = () => $('#search-hits [aria-selected="true"]');
  function suggest(open) {
    const [field, list] = [searchBox(), $("#search-hits")];
    if (!field || !list) return;
    list.hidden = !open || !list.firstElementChild;
    field.setAttribute("aria-expanded", String(!list.hidden));
    if (list.hidden) point(null);
  }
  function point(option) {
    pointed()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) searchBox().setAttribute("aria-activedescendant", option.id);
    else searchBox()?.removeAttribute("aria-activedescendant");
  }
  on("keydown", (event) => {
    if (event.target.id !== "search-box" || event.ctrlKey || event.metaKey || event.altKey) return;
    const [list, all] = [$("#search-hits"), options()];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) {
      const at = list.hidden ? -1 : all.indexOf(pointed());
      suggest(true);
      point(all[at < 0 && step < 0 ? all.length - 1 : (at + step + all.length) % all.length]);
    } else if (event.key === "Enter" && !list.hidden && pointed()) pointed().click();
    else if (event.key === "Escape" && !list.hidden) suggest(false);
    else return;
    event.preventDefault();
  }, true);
  on("focusin", (event) => event.target.id === "search-box" && event.target.value && suggest(true));
  on("focusout", (event) => {
    if (event.target.closest("form.search") && !event.relatedTarget?.closest?.("form.search")) {
      window.htmx?.trigger(searchBox(), "htmx:abort");
      suggest(false);
    }
  });
  on("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "search-hits") suggest(document.activeElement === searchBox());
  });

  /* ---- forms: sent once, kept when the sending fails, asked about when left unsaved ---- */
  const senders = (form) => $$("button:not([type=button]), input[type=submit]", form)
    .concat(form.id ? $$(`button[form="${CSS.escape(form.id)}"]`) : []);
  on("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    // A file that is made from a form leaves the page as it is.
    if (event.submitter?.hasAttribute("data-download")) return;
    if (form.dataset.sending) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    form.dataset.sending = "1";
    delete form.dataset.dirty;
    setTimeout(() => {
      for (const button of senders(form)) button.disabled = true;
    });
  }, true);
  function release(form) {
    if (!form?.dataset?.sending) return;
    delete form.dataset.sending;
    for (const button of senders(form)) button.disabled = false;
  }
  window.addEventListener("pageshow", () => $$("form[data-sending]").forEach(release));
  on("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (form) form.dataset.dirty = "1";
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved()) event.preventDefault();
  });

  /* ---- a long list of choices, narrowed down by what is typed above it ---- */
  on("input", (event) => {
    const list = document.getElementById(event.target.dataset?.narrows);
    if (!list) return;
    const typed = event.target.value.trim().toLowerCase().replaceAll(" ", "_");
    let first = null;
    for (const option of $$("option", list)) {
      option.hidden = option.disabled = !option.value.toLowerCase().includes(typed);
      if (!option.hidden) first ??= option;
    }
    for (const group of $$("optgroup", list)) group.hidden = !$("option:not([hidden])", group);
    if (typed && list.selectedOptions[0]?.hidden !== false && first) first.selected = true;
  });

  /* ---- a move: what is priced together with the one side is not offered at the other ---- */
  function keepApart(from) {
    const to = document.getElementById(from.dataset.apart);
    const group = from.selectedOptions[0]?.dataset.group;
    for (const option of $$("option[data-group]", to))
      option.hidden = option.disabled = option.dataset.group === group;
    for (const part of $$("optgroup", to)) part.hidden = !$("option:not([hidden])", part);
    if (to.selectedOptions[0]?.disabled !== false) to.value = "";
  }
  on("input", (event) => event.target.dataset?.apart && keepApart(event.target));

  /* ---- a table's rows that are chosen: how many, how many credits, what can be done ---- */
  const grouped = (number) => number.toLocaleString(root.lang || "en");
  function choose(bar) {
    const boxes = $$(`input[name=f][form="${CSS.escape(bar.id)}"]`);
    const all = $("input[name=all]", bar);
    const picked = all.checked ? [all] : boxes.filter((box) => box.checked);
    const sum = (name) => picked.reduce((so, box) => so + Number(box.dataset[name] ?? 1), 0);
    const count = sum("count");
    bar.classList.toggle("on", count > 0);
    const line = $("[data-chosen]", bar);
    const text = count ? line.dataset[count === 1 ? "one" : "many"] : line.dataset.none;
    line.textContent = text.replace("{count}", grouped(count)).replace("{credits}", grouped(sum("credits")));
    for (const button of $$("[data-needs-choice]", bar))
      button.disabled = !count || (button.dataset.needsChoice && count > Number(button.dataset.needsChoice));
    for (const box of boxes) box.disabled = all.checked;
    const head = $("[data-choose-shown]");
    if (!head) return;
    head.disabled = all.checked;
    head.checked = !all.checked && boxes.length > 0 && picked.length === boxes.length;
    head.indeterminate = !all.checked && picked.length > 0 && !head.checked;
  }
  on("change", (event) => {
    const bar = document.getElementById("choose");
    if (!bar) return;
    if (event.target.matches("[data-choose-shown]"))
      for (const box of $$('input[name=f][form="choose"]')) box.checked = event.target.checked;
    if (event.target.matches("[data-choose-shown], input[form=choose], #choose input")) choose(bar);
  });

  /* ---- htmx: progress, failures, focus, announcements ---- */
  let failed = null;
  let running = 0;
  const busy = (change) => {
    running = Math.max(0, running + change);
    root.classList.toggle("busy", running > 0);
  };
  function lost(detail, text) {
    if (isPoll(detail)) return;
    failed = detail.requestConfig;
    const line = $("#lost");
    if (!line) return;
    const place = drawer() && $(".body", drawer());
    if (place) place.prepend(line);
    $("[data-text]", line).textContent = text;
    line.hidden = false;
  }
  function retry() {
    const request = failed;
    failed = null;
    $("#lost").hidden = true;
    if (!request || !window.htmx) return;
    const form = request.elt.closest?.("form");
    if (form && request.elt === form) return form.requestSubmit();
    window.htmx.ajax(request.verb.toUpperCase(), request.path, {
      source: request.elt, target: request.target, values: request.parameters,
    });
  }
  on("htmx:beforeRequest", () => busy(1));
  on("htmx:afterRequest", (event) => {
    busy(-1);
    release(event.detail.elt?.closest?.("form"));
    if (event.detail.successful && failed && !isPoll(event.detail)) {
      failed = null;
      $("#lost").hidden = true;
    }
  });
  const OFFLINE = "No answer from the server. What you typed is still here.";
  const LOGGED_OUT = "Your log-in has ended. What you typed is still here. Log in again in another tab.";
  on("htmx:beforeOnLoad", (event) => {
    const { elt, xhr } = event.detail;
    const typed = elt?.closest?.("form[data-guard]") || (isPoll(event.detail) && unsaved());
    if (!typed || !xhr.getResponseHeader("HX-Redirect")) return;
    event.preventDefault();
    typed.dataset.dirty = "1";
    lost(event.detail, LOGGED_OUT);
  });
  on("htmx:sendError", (event) => lost(event.detail, OFFLINE));
  on("htmx:timeout", (event) => lost(event.detail, OFFLINE));
  on("htmx:responseError", (event) => {
    const { status, responseText } = event.detail.xhr;
    const isSaid = event.detail.xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
    if ([403, 429].includes(status) && isSaid) return lost(event.detail, responseText);
    if (status === 403) return lost(event.detail, "This is not open to you, or the form has ended. Reload the page.");
    if (status === 404) return lost(event.detail, "What this names is no longer here. Reload the page.");
    lost(event.detail, "The server could not answer. What you typed is still here.");
  });
  on("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 422 || event.detail.target?.id !== "drawer") return;
    const line = $("#lost");
    if (line && drawer()?.contains(line)) $("#messages")?.before(line);
  });
  on("htmx:afterSwap", (event) => {
    const { target, requestConfig } = event.detail;
    if (target?.id === "drawer") {
      openedBy(requestConfig?.elt);
      enterDrawer();
    } else if (target === document.body) {
      pushed = false;
      start();
      if (document.activeElement === document.body) refocus();
      say($(".msg > span")?.textContent ?? document.title);
    }
    // What was swapped as a whole has left the page; what came in its place has its id.
    const place = target?.isConnected ? target : document.getElementById(target?.id);
    if (place) tidy(place);
    $("[data-focus]", place ?? document)?.focus();
    // Who turned the page of a table goes on from there; the link that was followed is gone.
    if (place && document.activeElement === document.body)
      ($("nav.pager [aria-current]", place) || $("nav.pager a", place))?.focus({ preventScroll: true });
  });
  on("portal:announce", (event) => say(event.detail.text));

  /* ---- polling: silent, and only while somebody looks ---- */
  function isPoll(detail) {
    return Boolean(detail.elt?.matches?.("[data-polls]"));
  }
  on("htmx:confirm", (event) => {
    if (document.hidden && isPoll(event.detail)) event.preventDefault();
  });

  /* ---- charts: exact figures by pointer and by keyboard ---- */
  function show(point) {
    const chart = point.closest("[data-chart]");
    $$(".point.on", chart).forEach((other) => other.classList.remove("on"));
    point.classList.add("on");
    let tip = $(".tip", chart);
    if (!tip) {
      tip = document.createElement("div");
      tip.className = "tip";
      tip.setAttribute("aria-hidden", "true");
      chart.append(tip);
    }
    tip.textContent = point.getAttribute("aria-label");
    const [box, spot] = [chart.getBoundingClientRect(), $(".hit", point).getBoundingClientRect()];
    const x = spot.left + spot.width / 2 - box.left;
    tip.style.top = "4px";
    tip.style.left = `${Math.max(0, Math.min(box.width - tip.offsetWidth, x > box.width / 2 ? x - tip.offsetWidth - 10 : x + 10))}px`;
  }
  function hide(chart) {
    $(".tip", chart)?.remove();
    $$(".point.on", chart).forEach((point) => point.classList.remove("on"));
  }
  function middle(point) {
    const box = $(".hit", point).getBoundingClientRect();
    return box.left + box.width / 2;
  }
  on("pointermove", (event) => {
    const chart = event.target.closest?.("[data-chart]");
    if (!chart) return;
    const points = $$(".point", chart);
    if (!points.length) return;
    const far = (p) => Math.abs(middle(p) - event.clientX);
    show(points.reduce((best, point) => (far(point) < far(best) ? point : best)));
  });
  on("pointerout", (event) => {
    const chart = event.target.closest?.("[data-chart]");
    if (chart && !chart.contains(event.relatedTarget)) hide(chart);
  });
  on("focusin", (event) => {
    const point = event.target.closest?.(".point");
    if (point) show(point);
  });
  on("focusout", (event) => {
    const chart = event.target.closest?.("[data-chart]");
    if (chart) hide(chart);
  });
  function walk(event) {
    const point = event.target.closest?.(".point");
    if (!point) return;
    const points = $$(".point", point.closest("[data-chart]"));
    const at = points.indexOf(point);
    const ways = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: points.length - 1 };
    const next = points[ways[event.key]];
    if (!next) return;
    event.preventDefault();
    point.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  /* The tip takes the place of the browser's own, which would cover it. */
  function tidy(part) {
    const bar = document.getElementById("choose");
    if (bar) choose(bar);
    for (const from of $$("[data-apart]", part)) keepApart(from);
    for (const own of $$(".needs-js[hidden]", part)) own.hidden = false;
    for (const title of $$(".point > title, .plot > g > title", part)) {
      title.parentElement.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    for (const point of $$(".point", part)) {
      point.setAttribute("role", "img");
      if (!point.hasAttribute("tabindex")) point.setAttribute("tabindex", "-1");
    }
    for (const table of $$("table.cards", part)) keepTable(table);
  }

  /* On a phone the rows of a table stand as cards, and some browsers then forget that it is a table. */
  const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TD: "cell", TH: "columnheader" };
  function keepTable(table) {
    for (const own of [table, ...$$("thead, tbody, tfoot, tr, td, th", table)])
      if (!own.hasAttribute("role")) own.setAttribute("role", own.scope === "row" ? "rowheader" : ROLES[own.tagName]);
  }

  function start() {
    applyTheme(savedTheme());
    for (const part of $$(".needs-js")) part.hidden = false;
    const combobox = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "search-hits" };
    for (const [name, value] of Object.entries(combobox)) searchBox()?.setAttribute(name, value);
    tidy(document);
    shield();
  }
  ready(() => {
    start();
    enterDrawer();
    ($("[data-focus]") || null)?.focus();
  });
})();
