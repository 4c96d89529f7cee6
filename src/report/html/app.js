// Fills, filters, sorts and pages the results. Text reaches the page as text nodes only; nothing is ever parsed as HTML.
"use strict";
(() => {
  const D = JSON.parse(document.getElementById("data").textContent);
  const STATES = ["Failed", "Manual", "Passed", "Not relevant"];
  const STATE_WORDS = ["failed", "manual", "passed", "not_relevant"];
  const SEVERITIES = ["critical", "high", "medium", "low", ""];
  const RULES_PER_PAGE = 100;
  const RESOURCES_PER_PAGE = 50;
  // What is printed at once, of rules and of resources.
  const ON_PAPER = 5000;
  let printing = false;
  const $ = (id) => document.getElementById(id);
  const T = (n) => D.texts[n];
  const optional = (n) => (n ? D.texts[n - 1] : null);
  const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

  // Builds an element: attributes, then children (elements or text).
  const el = (name, attributes, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === "onclick" || key === "oninput" || key === "onchange") node.addEventListener(key.slice(2), value);
      else if (key === "checked" || key === "disabled") node[key] = value;
      else if (value !== null && value !== undefined) node.setAttribute(key, value);
    }
    for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
    return node;
  };
  // A path may break behind its dots and slashes.
  const path = (text) => el("code", {}, text.split(/(?<=[./])/).flatMap((part, at) => (at ? [el("wbr"), part] : [part])));
  // Words between backticks are code.
  const prose = (text) => (text || "").split("`").map((part, at, all) =>
    (at % 2 && at < all.length - 1 ? el("code", {}, part) : at % 2 ? "`" + part : part));
  const link = (url, text) => (url ? el("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, text || url) : (text || ""));

  // Columns of the list of rules: key, heading, number, compare.
  const severityOf = (row) => row.rule.severity;
  const COLUMNS = [
    ["severity", "Severity", false, (a, b) => severityOf(b) - severityOf(a)],
    ["result", "Result", false, (a, b) => a.state - b.state],
    ["rule", "Rule", false, (a, b) => natural(a.rule.id, b.rule.id)],
    ["title", "Title", false, (a, b) => natural(a.rule.title, b.rule.title)],
    ["standard", "Standard", false, (a, b) => natural(standardName(a.rule), standardName(b.rule))],
    ["system", "System", false, (a, b) => natural(D.systems[a.rule.system].name, D.systems[b.rule.system].name)],
    ["failed", "Failed", true, (a, b) => a.n[0] - b.n[0]],
    ["waived", "Waived", true, (a, b) => a.n[1] - b.n[1]],
    ["manual", "Manual", true, (a, b) => a.n[2] - b.n[2]],
    ["passed", "Passed", true, (a, b) => a.n[3] - b.n[3]],
  ];
  const standardName = (rule) => { const s = D.standards[rule.standard]; return s.short + " " + s.version; };
  const longName = (s) => s.name + " " + s.version;
  const ruleKey = (rule) => [D.systems[rule.system].name, standardName(rule), rule.id].join("/");

  // ---- the state of the page is the fragment -------------------------------------------------------------------
  const initial = () => ({
    standard: "", system: "", rule: "", resource: "", namespace: "", result: [], severity: [], complete: D.complete,
    sort: "attention", page: 1, open: "", tab: "resources",
  });
  let state = initial();

  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    const next = initial();
    for (const key of ["standard", "system", "rule", "resource", "namespace", "sort", "open", "tab"]) {
      if (given.has(key)) next[key] = given.get(key);
    }
    // A word that no box stands for would hide everything, and nobody could see why.
    for (const [key, known] of [["result", STATE_WORDS], ["severity", SEVERITIES]]) {
      if (given.has(key)) next[key] = given.get(key).split(",").filter((word) => word && known.includes(word));
    }
    if (given.has("view")) next.complete = given.get("view") === "complete";
    next.page = Math.max(1, parseInt(given.get("page"), 10) || 1);
    return next;
  };
  const fragment = () => {
    const out = new URLSearchParams();
    const plain = initial();
    for (const key of ["standard", "system", "rule", "resource", "namespace", "sort", "open", "tab", "page"]) {
      if (state[key] !== plain[key]) out.set(key, state[key]);
    }
    for (const key of ["result", "severity"]) if (state[key].length) out.set(key, state[key].join(","));
    if (state.complete !== plain.complete) out.set("view", state.complete ? "complete" : "recommended");
    return out.toString();
  };
  const update = (changes, keepPage) => {
    Object.assign(state, changes);
    if (!keepPage) state.page = 1;
    history.replaceState(null, "", "#" + fragment());
    render();
  };

  // ---- selection, as the command line does it ------------------------------------------------------------------
  const fits = (s) => (state.result.length ? state.result.includes(STATE_WORDS[s]) : state.complete || s !== 3);
  const names = (wanted, s) =>
    [s.short, s.name, longName(s), s.short + " " + s.version, s.short + "@" + s.version].some((n) => n.toLowerCase() === wanted);
  const resourceName = (r) => {
    const [, kind, scope, name] = D.resources[r];
    return T(kind) + " " + (scope ? optional(scope) + "/" : "") + name;
  };

  // Outcomes of an evaluation, unpacked once.
  const unpacked = new Map();
  const outcomes = (number) => {
    if (!unpacked.has(number)) {
      const e = D.evaluations[number];
      let resource = 0;
      unpacked.set(number, e.r.map((step, at) => {
        resource += step;
        return { resource, element: optional(e.e[at] || 0), state: +e.s[at], detail: e.d[at], waiver: e.w[at] || 0 };
      }));
    }
    return unpacked.get(number);
  };
  // Resources that the resource and namespace filters leave; null for all.
  let scopeKey = "";
  let scope = null;
  let scopeCounts = new Map();
  const narrow = () => {
    const key = state.resource + "\n" + state.namespace;
    if (key === scopeKey) return;
    scopeKey = key;
    scopeCounts = new Map();
    scope = null;
    if (!state.resource && !state.namespace) return;
    const text = state.resource.toLowerCase();
    scope = D.resources.map((r, at) =>
      (!state.namespace || optional(r[2]) === state.namespace) && (!text || resourceName(at).toLowerCase().includes(text)));
  };
  const countsIn = (number) => {
    if (!scopeCounts.has(number)) {
      const n = [0, 0, 0, 0, 0];
      for (const o of outcomes(number)) {
        if (!scope[o.resource]) continue;
        n[o.state === 0 ? 0 : o.state + 1] += 1;
        if (o.state === 0 && o.waiver) n[1] += 1;
      }
      scopeCounts.set(number, n);
    }
    return scopeCounts.get(number);
  };
  // A number in the middle of another id (5.2 in 1.5.2) is not meant.
  const inId = (id, text) => {
    for (let at = id.indexOf(text); at >= 0; at = id.indexOf(text, at + 1)) if (!/[.0-9]/.test(id[at - 1] || " ")) return true;
    return false;
  };
  const stateOf = (n) => (n[0] ? 0 : n[2] ? 1 : n[3] ? 2 : 3);
  // Not what the resources show: a person has decided it, or has to.
  const overruled = (rule) => rule.state !== stateOf(rule.n);
  const select = () => {
    narrow();
    const text = state.rule.toLowerCase();
    const standard = state.standard.toLowerCase();
    const system = state.system.toLowerCase();
    const rows = [];
    D.rules.forEach((rule, order) => {
      if (standard && !names(standard, D.standards[rule.standard])) return;
      if (system && D.systems[rule.system].name.toLowerCase() !== system) return;
      if (state.severity.length && !state.severity.includes(SEVERITIES[rule.severity])) return;
      if (text && !inId(rule.id.toLowerCase(), text) && !rule.title.toLowerCase().includes(text) &&
        !rule.checks.some((c) => D.checks[D.evaluations[c].check].id.toLowerCase().includes(text))) return;
      let n = rule.n;
      let s = rule.state;
      if (scope) {
        n = [0, 0, 0, 0, 0];
        for (const c of rule.checks) countsIn(c).forEach((k, at) => { n[at] += k; });
        if (n[0] + n[2] + n[3] + n[4] === 0) return;
        if (!overruled(rule)) s = stateOf(n);
      }
      if (!fits(s) || (rule.out && !state.complete)) return;
      rows.push({ rule, n, state: s, order });
    });
    const [column, direction] = state.sort.split(":");
    const found = COLUMNS.find((c) => c[0] === column);
    if (found) {
      const sign = direction === "desc" ? -1 : 1;
      rows.sort((a, b) => sign * found[3](a, b) || a.order - b.order);
    }
    return rows;
  };

  // ---- the list of rules ---------------------------------------------------------------------------------------
  const badge = (n) => (n < 4 ? el("span", { class: "badge " + SEVERITIES[n] }, SEVERITIES[n]) : "");
  const stateLabel = (s, rule) => el("span", { class: "s" + s }, rule && rule.out ? "Out of scope" : STATES[s]);
  const number = (n) => n.toLocaleString("en");

  const heading = () => {
    const row = $("rules").tHead.rows[0];
    row.replaceChildren(...COLUMNS.map(([key, label, numeric]) => {
      const [column, direction] = state.sort.split(":");
      const sorted = column === key ? (direction === "desc" ? "descending" : "ascending") : null;
      const next = sorted === "ascending" ? key + ":desc" : sorted ? "attention" : key;
      return el("th", { scope: "col", class: numeric ? "num" : null, "aria-sort": sorted },
        el("button", { type: "button", "data-sort": key, onclick: () => { update({ sort: next }); focusSort(key); } }, label));
    }));
  };
  const focusSort = (key) => { const b = document.querySelector('[data-sort="' + key + '"]'); if (b) b.focus(); };

  let shown = [];
  const renderRules = () => {
    const all = printing && shown.length <= ON_PAPER;
    const pages = Math.max(1, Math.ceil(shown.length / RULES_PER_PAGE));
    state.page = Math.min(state.page, pages);
    const from = all ? 0 : (state.page - 1) * RULES_PER_PAGE;
    const rows = shown.slice(from, all ? undefined : from + RULES_PER_PAGE);
    const none = el("tr", {}, el("td", { class: "empty", colspan: COLUMNS.length },
      D.rules.length ? "No rule fits these filters. " : "There is no rule to show.",
      D.rules.length ? el("button", { type: "button", onclick: () => $("reset").click() }, "Reset") : null));
    $("rules").tBodies[0].replaceChildren(...(rows.length ? [] : [none]), ...rows.map((row) => {
      const { rule, n } = row;
      const key = ruleKey(rule);
      const title = rule.title + (rule.partly ? " (technical part only)" : "");
      return el("tr", { "aria-current": state.open === key ? "true" : null },
        el("td", {}, badge(rule.severity)),
        el("td", {}, stateLabel(row.state, rule)),
        el("td", { class: "id" }, el("span", { class: "clamp" }, rule.id)),
        el("td", {}, el("button", { type: "button", class: "link", "data-rule": key, onclick: () => update({ open: key }, true) }, title)),
        el("td", {}, el("span", { class: "line" }, standardName(rule))),
        el("td", {}, el("span", { class: "clamp" }, D.systems[rule.system].name)),
        [n[0], n[1], n[2], n[3]].map((k, at) => el("td", { class: "num" + (k && at !== 1 ? " s" + (at ? at - 1 : 0) : "") + (k ? "" : " zero"), "data-label": COLUMNS[6 + at][1] }, k ? number(k) : "-")));
    }));
    pager($("rule-pages"), state.page, pages, (page) => { update({ page }, true); $("results").scrollIntoView(); });
  };
  const pager = (nav, page, pages, go) => {
    if (pages < 2) { nav.replaceChildren(); return; }
    nav.replaceChildren(
      el("button", { type: "button", disabled: page <= 1, onclick: () => go(page - 1) }, "Previous"),
      el("span", {}, "Page " + page + " of " + number(pages)),
      el("button", { type: "button", disabled: page >= pages, onclick: () => go(page + 1) }, "Next"));
  };

  // ---- the side panel ------------------------------------------------------------------------------------------
  const TABS = ["rule", "resources", "explanation"];
  let local = { text: "", all: false, page: 1 };
  let opened = "";

  const facts = (pairs) => el("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== "" && value !== undefined)
    .map(([key, value]) => [el("dt", {}, key), el("dd", {}, value)]).flat());

  const severityFacts = (check) => [
    ["Severity", el("span", {}, badge(check.severity), " score " + check.score.toFixed(1))],
    ["Vector", el("code", {}, check.vector)],
    ["Likelihood", check.likelihood],
    ["Technical impact", check.impact],
    ["Configuration impact", "weakens the ability to " + check.control],
  ];

  const paneRule = (rule) => {
    const s = D.standards[rule.standard];
    const out = [facts([
      ["Standard", link(s.url, longName(s))],
      ["Requirement", rule.id],
      ["System", D.systems[rule.system].name],
      ["Result", stateLabel(rule.state, rule)],
      ["Severity", rule.severity < 4 ? badge(rule.severity) : null],
      ...rule.metadata.map(([key, value]) => [key, value]),
      ["Mapping", rule.source],
      ["Note", rule.partly ? "The checks show the technical part of the requirement only." : null],
      [overruled(rule) && rule.state !== 1 ? "Decided" : "What to look at", rule.hint ? el("span", {}, prose(rule.hint)) : null],
    ])];
    for (const c of rule.checks) {
      const e = D.evaluations[c];
      const check = D.checks[e.check];
      out.push(el("h3", {}, check.title), facts([
        ["Check", el("code", {}, check.id)],
        ["Parameters", e.params ? el("code", {}, e.params) : null],
        ["Customised", e.customised.join(", ")],
        ...severityFacts(check),
      ]));
    }
    return out;
  };

  const paneExplanation = (rule) => {
    if (!rule.checks.length) {
      return [el("p", {}, "No configuration shows this requirement: a person has to look."), el("p", {}, prose(rule.hint))];
    }
    return rule.checks.flatMap((c) => {
      const check = D.checks[D.evaluations[c].check];
      return [
        el("h3", {}, "What it means"), el("p", {}, check.title),
        el("h3", {}, "Why it matters"), el("p", {}, prose(check.why)),
        el("h3", {}, "How to fix it"), el("p", {}, prose(check.fix)),
        check.hint ? el("h3", {}, "When it is Manual") : null, check.hint ? el("p", {}, prose(check.hint)) : null,
        check.links.length ? el("ul", {}, check.links.map((url) => el("li", {}, link(url)))) : null,
      ].filter(Boolean);
    });
  };

  const EVIDENCE = ["Property", "Value", "Expected"];
  const finding = (o) => {
    const detail = o.detail ? D.details[o.detail - 1] : null;
    const card = el("div", { class: "finding" },
      el("h4", {}, stateLabel(o.state), " ", resourceName(o.resource), o.element ? el("code", {}, " " + o.element) : null));
    if (o.waiver) {
      const [reason, owner, expires, source] = D.waivers[o.waiver - 1];
      card.append(el("p", { class: "waived" }, "Waived" + (expires ? " until " + expires : "") + (owner ? " by " + owner : "") + (source === "annotation" ? " in its annotation" : "") + ": " + reason));
    }
    if (detail) {
      const [reason, hint, omitted, evidence] = detail;
      if (T(reason)) card.append(el("p", {}, T(reason)));
      if (hint) card.append(el("p", {}, "Needed: ", prose(optional(hint))));
      if (evidence.length) {
        card.append(el("table", {},
          el("thead", {}, el("tr", {}, EVIDENCE.map((h) => el("th", { scope: "col", class: h.toLowerCase() }, h)))),
          el("tbody", {}, evidence.map(([property, actual, expected, source, file, line]) => el("tr", {},
            el("td", { "data-label": EVIDENCE[0] }, path(T(property)), file ? el("div", { class: "small" }, optional(file) + ":" + line) : null),
            el("td", { class: "s0", "data-label": EVIDENCE[1] }, actual ? el("code", {}, optional(actual)) : "absent", source ? el("div", { class: "small" }, optional(source)) : null),
            el("td", { class: "s2", "data-label": EVIDENCE[2] }, T(expected)))))));
      }
      if (omitted) card.append(el("p", { class: "small" }, "and " + omitted + " more properties"));
    }
    return card;
  };

  const paneResources = (rule) => {
    const list = el("div", {});
    const nav = el("nav", { class: "pages", "aria-label": "Pages of resources" });
    const status = el("p", { class: "small", role: "status" });
    const fill = () => {
      narrow();
      const text = local.text.toLowerCase();
      const found = [];
      let left = 0;
      for (const c of rule.checks) {
        left += D.evaluations[c].left;
        for (const o of outcomes(c)) {
          if (scope && !scope[o.resource]) continue;
          if (o.state === 3 && !local.all) continue;
          if (text && !(resourceName(o.resource) + " " + (o.element || "")).toLowerCase().includes(text)) continue;
          found.push(o);
        }
      }
      // Stable: within a state the order of the assessment stays.
      const rank = (o) => o.state * 2 + (o.waiver ? 1 : 0);
      found.sort((a, b) => rank(a) - rank(b));
      const pages = Math.max(1, Math.ceil(found.length / RESOURCES_PER_PAGE));
      local.page = Math.min(local.page, pages);
      const all = printing && found.length <= ON_PAPER;
      const from = all ? 0 : (local.page - 1) * RESOURCES_PER_PAGE;
      list.replaceChildren(...found.slice(from, all ? undefined : from + RESOURCES_PER_PAGE).map(finding));
      status.textContent = number(found.length) + (found.length === 1 ? " resource" : " resources") +
        (left ? "; " + number(left) + " more are not in this file" : "");
      pager(nav, local.page, pages, (page) => { local.page = page; fill(); $("panel").scrollTop = 0; });
    };
    const tools = el("div", { class: "tools" },
      el("input", { type: "search", placeholder: "Search resources", "aria-label": "Search resources", value: local.text,
        oninput: (event) => { local.text = event.target.value; local.page = 1; fill(); } }),
      el("label", {}, el("input", { type: "checkbox", checked: local.all, onchange: (event) => { local.all = event.target.checked; local.page = 1; fill(); } }), " Show Not relevant"));
    fill();
    const hint = rule.hint && overruled(rule) ? [el("p", {}, prose(rule.hint))] : [];
    return rule.checks.length ? [...hint, tools, status, list, nav] : [el("p", {}, "No resources: a person has to look."), ...hint];
  };

  const renderPanel = () => {
    const rule = state.open ? D.rules.find((r) => ruleKey(r) === state.open) : null;
    const panel = $("panel");
    panel.hidden = !rule;
    document.body.classList.toggle("open", Boolean(rule));
    // What the panel hides must not get the focus.
    for (const part of [document.querySelector("header"), document.querySelector("main")]) part.inert = Boolean(rule) && matchMedia("(max-width: 760px)").matches;
    if (!rule) { opened = ""; return; }
    if (!TABS.includes(state.tab)) state.tab = "resources";
    const fresh = opened !== state.open;
    if (fresh) local = { text: "", all: state.complete, page: 1 };
    $("panel-title").textContent = rule.id + " " + rule.title;
    $("panel-sub").replaceChildren(stateLabel(rule.state, rule), " ", badge(rule.severity), " " + standardName(rule) + ", " + D.systems[rule.system].name);
    for (const tab of TABS) {
      const button = $("tab-" + tab);
      button.setAttribute("aria-selected", String(tab === state.tab));
      button.tabIndex = tab === state.tab ? 0 : -1;
    }
    $("pane").setAttribute("aria-labelledby", "tab-" + state.tab);
    const panes = { rule: paneRule, resources: paneResources, explanation: paneExplanation };
    $("pane").replaceChildren(...panes[state.tab](rule));
    if (fresh) { opened = state.open; panel.scrollTop = 0; $("panel-title").focus(); }
  };
  const close = () => {
    const key = state.open;
    update({ open: "" }, true);
    const button = [...document.querySelectorAll("[data-rule]")].find((b) => b.dataset.rule === key);
    if (button) button.focus();
  };

  // ---- filters -------------------------------------------------------------------------------------------------
  const form = $("filters").elements;
  const boxes = (place, key, words, labels) => $(place).replaceChildren(...words.map((word, at) =>
    el("label", {}, el("input", { type: "checkbox", name: key, value: word, onchange: () => {
      update({ [key]: [...document.querySelectorAll('input[name="' + key + '"]:checked')].map((b) => b.value) });
    } }), labels[at])));
  boxes("results-boxes", "result", STATE_WORDS, STATES);
  boxes("severity-boxes", "severity", SEVERITIES.slice(0, 4), SEVERITIES.slice(0, 4));
  const options = (select, values) => [...new Set(values)].sort(natural).forEach((value) => select.append(el("option", { value }, value.length > 80 ? value.slice(0, 80) + "..." : value)));
  options(form.standard, D.standards.map(longName));
  options(form.system, D.systems.map((s) => s.name));
  options($("namespaces"), [...new Set(D.resources.map((r) => r[2]))].filter(Boolean).map(optional).slice(0, 2000));
  for (const key of ["standard", "system"]) form[key].addEventListener("change", () => update({ [key]: form[key].value }));
  let waiting = 0;
  for (const key of ["rule", "resource", "namespace"]) {
    form[key].addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => update({ [key]: form[key].value.trim() }), 150); });
  }
  form.complete.addEventListener("change", () => update({ complete: form.complete.checked }));
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("reset").addEventListener("click", () => { state = initial(); update({}); });
  $("share").addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(location.href); $("status").textContent = "The link to this view is copied."; }
    catch { $("status").textContent = "The address bar holds the link to this view."; }
  });
  const syncForm = () => {
    for (const key of ["standard", "system", "rule", "resource", "namespace"]) if (document.activeElement !== form[key]) form[key].value = state[key];
    // A short name from a shared link is shown as the option that it means.
    if (state.standard && !form.standard.value) {
      const found = D.standards.find((s) => names(state.standard.toLowerCase(), s));
      if (found) form.standard.value = longName(found);
    }
    form.complete.checked = state.complete;
    for (const key of ["result", "severity"]) {
      for (const box of document.querySelectorAll('input[name="' + key + '"]')) box.checked = state[key].includes(box.value);
    }
  };

  const render = () => {
    shown = select();
    syncForm();
    heading();
    renderRules();
    const filters = ["standard", "system", "rule", "resource", "namespace"].filter((key) => state[key]).map((key) => key + " \u201c" + state[key] + "\u201d");
    for (const key of ["result", "severity"]) if (state[key].length) filters.push(key + " " + state[key].join(" or ").replace("_", " "));
    const hidden = D.rules.length - shown.length;
    $("status").textContent = number(shown.length) + (shown.length === 1 ? " rule" : " rules") + (filters.length ? " with " + filters.join(", ") : "") +
      (hidden ? "; " + number(hidden) + " not shown" + (filters.length ? "" : ", as Not relevant or out of scope") : "");
    renderPanel();
  };

  // ---- page-wide -----------------------------------------------------------------------------------------------
  for (const button of document.querySelectorAll("[data-standard]")) button.addEventListener("click", () => { update({ standard: button.dataset.standard }); $("results").scrollIntoView(); });
  for (const button of document.querySelectorAll("[data-system]")) button.addEventListener("click", () => { update({ system: D.systems[+button.dataset.system].name }); $("results").scrollIntoView(); });
  $("skip").addEventListener("click", (event) => { event.preventDefault(); $("results").focus(); $("results").scrollIntoView(); });
  $("close").addEventListener("click", close);
  TABS.forEach((tab, at) => {
    const button = $("tab-" + tab);
    button.addEventListener("click", () => update({ tab }, true));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = TABS[(at + step + TABS.length) % TABS.length];
      update({ tab: next }, true);
      $("tab-" + next).focus();
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.open) close();
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); form.rule.focus(); }
  });
  $("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
  });
  addEventListener("hashchange", () => { state = read(); render(); });
  // On paper there are no pages to turn.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const part of folded) part.open = true;
    printing = true;
    render();
  });
  addEventListener("afterprint", () => {
    for (const part of folded) part.open = false;
    printing = false;
    render();
  });
  state = read();
  render();
  if (location.hash.length > 1 && !state.open) $("results").scrollIntoView();
})();
