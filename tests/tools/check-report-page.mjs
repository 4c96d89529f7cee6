// Drives the HTML report in a headless Chromium: load, filter, sort, open a rule, follow a shared fragment, hostile names.
//
//     SPM_REPORT_SAMPLES=DIR cargo test --lib writes_samples -- --ignored
//     node tests/tools/check-report-page.mjs DIR [FOLDER FOR SCREENSHOTS]
//
// Needs Node and `chromium` in the path; talks to nothing but the browser that it starts, through a pipe.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [samples, pictures] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "spm-page-"));
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"];
const browser = spawn("chromium", flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
let last = 0;
const waiting = new Map();
const problems = [];
const receive = (message) => {
  if (message.id) { waiting.get(message.id)(message); return; }
  if (message.method === "Runtime.exceptionThrown") problems.push(message.params.exceptionDetails.exception?.description);
  if (message.method === "Log.entryAdded" && message.params.entry.level === "error") problems.push(message.params.entry.text);
  if (message.method === "Page.javascriptDialogOpening") problems.push("a dialog opened: a name was run as script");
  if (message.method === "Network.requestWillBeSent" && !/^(file|about):/.test(message.params.request.url)) problems.push("request to " + message.params.request.url);
};
// Messages end in a zero byte.
let partial = "";
browser.stdio[4].setEncoding("utf8").on("data", (chunk) => {
  const parts = (partial + chunk).split("\0");
  partial = parts.pop();
  for (const part of parts) receive(JSON.parse(part));
});
const send = (method, params = {}, sessionId) => new Promise((done, fail) => {
  last += 1;
  waiting.set(last, (m) => (m.error ? fail(new Error(`${method}: ${m.error.message}`)) : done(m.result)));
  browser.stdio[3].write(JSON.stringify({ id: last, method, params, sessionId }) + "\0");
});
const { targetId } = await send("Target.createTarget", { url: "about:blank" });
const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
const page = (method, params) => send(method, params, sessionId);
for (const domain of ["Page", "Runtime", "Log", "Network"]) await page(`${domain}.enable`);
await page("Emulation.setDeviceMetricsOverride", { width: 1500, height: 1000, deviceScaleFactor: 1, mobile: false });
const js = async (expression) => {
  const { result, exceptionDetails } = await page("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
  return result.value;
};
const open = async (name, fragment = "") => {
  await page("Page.navigate", { url: "about:blank" });
  await page("Page.navigate", { url: pathToFileURL(resolve(samples, name)).href + fragment });
  for (let turn = 0; turn < 600; turn += 1) {
    if (await js("document.readyState === 'complete' && location.protocol === 'file:'")) return;
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error(`${name} does not load`);
};
let pictured = 0;
const picture = async (name) => {
  if (!pictures) return;
  const { data } = await page("Page.captureScreenshot", { format: "png" });
  pictured += 1;
  writeFileSync(join(pictures, `${pictured}-${name}.png`), Buffer.from(data, "base64"));
};
const settle = () => js("new Promise((done) => setTimeout(done, 300))");
const rows = "[...document.querySelectorAll('#rules tbody tr')].map((r) => r.cells[2].textContent)";
const text = (selector) => js(`document.querySelector(${JSON.stringify(selector)}).textContent`);
const click = (selector) => js(`document.querySelector(${JSON.stringify(selector)}).click()`);
const type = async (name, value) => {
  await js(`(() => { const f = document.querySelector('#filters [name=${name}]'); f.value = ${JSON.stringify(value)}; f.dispatchEvent(new Event('input')); })()`);
  await settle();
};
let checks = 0;
const is = (what, found, expected) => {
  checks += 1;
  if (JSON.stringify(found) !== JSON.stringify(expected)) problems.push(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
};

try {
  await open("cluster.html");
  const recommended = ["5.1.1", "5.2.2", "9.4(b)", "1.2.15", "5.2.5", "1.1.9", "1.1.10", "3.1.1", "5.4.2", "1.2.1", "9.4(c)"];
  is("attention first", await js(rows), recommended);
  await picture("load");
  await click("input[name=complete]");
  is("complete view", (await js(rows)).length, 13);
  await click("#reset");
  await click("input[value=manual]");
  is("result filter", await js(rows), ["1.1.9", "1.1.10", "3.1.1", "5.4.2"]);
  await click("input[name=severity][value=high]");
  is("filters combine", await js(rows), ["1.1.9", "1.1.10"]);
  is("fragment", await js("location.hash"), "#result=manual&severity=high");
  await click("#reset");
  await type("rule", "network");
  is("rule text, in check ids too", await js(rows), ["9.4(b)", "5.2.5"]);
  await type("rule", "2.1");
  is("not in the middle of another number", [await text("#rules tbody"), await text("#status")],
    ["No rule fits these filters. Reset", "0 rules with rule “2.1”; 13 not shown"]);
  await type("rule", "");
  await type("resource", "ingress/router");
  is("resource text narrows", await js(rows), ["5.2.2", "9.4(b)", "5.2.5"]);
  is("narrowed counts", await js("[...document.querySelectorAll('#rules tbody tr')].map((r) => r.cells[6].textContent)"), ["1", "2", "1"]);
  await type("resource", "");
  await type("namespace", "web");
  is("namespace narrows the result", await js("[...document.querySelectorAll('#rules tbody tr')].map((r) => r.cells[1].textContent)"), ["Passed", "Passed"]);
  await type("namespace", "");
  await click("[data-standard]");
  is("a card filters by its standard", (await js(rows)).length, 9);
  await click("#reset");
  await click("[data-sort=rule]");
  is("natural order of ids", (await js(rows)).slice(0, 4), ["1.1.9", "1.1.10", "1.2.1", "1.2.15"]);
  await click("[data-sort=rule]");
  is("descending", (await js(rows))[0], "9.4(c)");
  is("aria-sort", await js("document.querySelector('[data-sort=rule]').parentNode.getAttribute('aria-sort')"), "descending");
  await click("#reset");
  await click('[data-rule$="/5.2.2"]');
  is("panel", await text("#panel-title"), "5.2.2 Containers run without privileged mode");
  is("focus moves into the panel", await js("document.activeElement.id"), "panel-title");
  is("resources", await text("#pane .small"), "60 resources");
  is("evidence", await text(".finding td"), "spec.template.spec.containers[0].securityContext.privilegeddeploy/cart.yaml:31");
  is("a waived resource says so", (await js("document.querySelector('.waived').textContent")).startsWith("Waived until 2027-03-31 by team-network"), true);
  await picture("resources");
  await js("document.getElementById('tab-resources').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))");
  is("arrow keys change the tab", await js("document.activeElement.id"), "tab-explanation");
  is("explanation", (await text("#pane")).includes("How to fix it"), true);
  await picture("explanation");
  await js("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))");
  is("escape closes", await js("document.getElementById('panel').hidden"), true);
  is("focus returns", await js("document.activeElement.dataset.rule"), "prod-eu-1/CIS 1.12.0/5.2.2");

  const shared = "#standard=cis&result=failed&sort=rule&open=prod-eu-1%2FCIS+1.12.0%2F1.2.15&tab=rule";
  await open("cluster.html", shared);
  is("shared fragment: rows", await js(rows), ["1.2.15", "5.1.1", "5.2.2", "5.2.5"]);
  is("shared fragment: panel", (await text("#pane")).includes("kubernetes-apiserver-profiling-off"), true);
  await picture("shared");

  await open("cluster.html");
  await page("Emulation.setEmulatedMedia", { media: "print" });
  is("paper has no filters", await js("getComputedStyle(document.getElementById('filters')).display"), "none");
  await picture("print");
  await page("Emulation.setEmulatedMedia", { media: "", features: [{ name: "prefers-color-scheme", value: "dark" }] });
  is("dark by preference", await js("getComputedStyle(document.body).backgroundColor"), "rgb(18, 22, 28)");
  await picture("dark");
  await page("Emulation.setEmulatedMedia", { media: "print", features: [{ name: "prefers-color-scheme", value: "dark" }] });
  is("paper is light", await js("getComputedStyle(document.body).color + getComputedStyle(document.body).backgroundColor"), "rgb(0, 0, 0)rgb(255, 255, 255)");
  is("notes are unfolded on paper", await js("(dispatchEvent(new Event('beforeprint')), document.querySelectorAll('details:not([open])').length)"), 0);
  await js("dispatchEvent(new Event('afterprint'))");
  is("and folded again", await js("document.querySelectorAll('details[open]').length"), 0);
  await page("Emulation.setEmulatedMedia", { media: "", features: [{ name: "prefers-color-scheme", value: "dark" }] });
  await click("#theme");
  is("light by choice", await js("getComputedStyle(document.body).backgroundColor"), "rgb(246, 247, 249)");
  await page("Emulation.setEmulatedMedia", { media: "", features: [] });

  await open("cluster.html", "#result=bogus,failed&severity=<b>");
  is("unknown words of a fragment hide nothing", (await js(rows)).length > 0, true);
  await open("cluster.html", "#open=prod-eu-1%2FCIS+1.12.0%2F5.2.2&tab=resources");
  is("a page of resources", await js("document.querySelectorAll('.finding').length"), 50);
  is("all of them on paper", await js("(dispatchEvent(new Event('beforeprint')), document.querySelectorAll('.finding').length)"), 60);
  is("and pages again", await js("(dispatchEvent(new Event('afterprint')), document.querySelectorAll('.finding').length)"), 50);

  await page("Emulation.setDeviceMetricsOverride", { width: 380, height: 800, deviceScaleFactor: 1, mobile: true });
  await open("cluster.html", "#open=prod-eu-1%2FCIS+1.12.0%2F5.2.2");
  is("what the panel hides gets no focus", await js("document.querySelector('main').inert"), true);
  await picture("phone-panel");
  await click("#close");
  is("and does again", await js("document.querySelector('main').inert"), false);
  is("no scrolling to the side", await js("Math.max(innerWidth, document.documentElement.scrollWidth)"), 380);
  await picture("phone");
  await page("Emulation.setDeviceMetricsOverride", { width: 1500, height: 1000, deviceScaleFactor: 1, mobile: false });

  await open("hostile.html");
  is("hostile names are text", await js("document.querySelectorAll('main script, main img, main iframe, #panel script').length"), 0);
  await click("[data-rule]");
  is("hostile resources", await text("#pane .small"), "3 resources");
  is("ten kilobytes do not widen the page", await js("document.documentElement.scrollWidth <= innerWidth"), true);
  await picture("hostile");

  const before = Date.now();
  await open("huge.html");
  const loaded = Date.now() - before;
  await click("[data-rule]");
  is("pages of resources", (await js("document.querySelectorAll('.finding').length")), 50);
  const filtering = await js("(() => { const t = performance.now(); const f = document.querySelector('#filters [name=namespace]'); location.hash = '#resource=service-77'; return new Promise((done) => setTimeout(() => done(performance.now() - t), 0)); })()");
  await settle();
  is("filter of 100,000 outcomes", await text("#status"), "100 rules with resource “service-77”");
  is("usable", loaded < 5000 && filtering < 1500, true);
  console.log(`100,000 outcomes: loaded in ${loaded} ms, resource filter in ${Math.round(filtering)} ms`);
  await picture("huge");
} finally {
  browser.kill();
  await new Promise((ended) => browser.on("exit", ended));
  rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
for (const problem of problems) console.error(problem);
console.log(`${checks} checks, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
