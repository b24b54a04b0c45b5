"use strict";
// Without this script every link and every form works by itself. With it, the page keeps itself up to date, forms and
// links within a view exchange only what is different, and single keys press the button that they are written on.
(() => {
  const AGAIN_MS = 5000; // after the server has refused a stream
  const KEYS = "scanmend-keys"; // whether single keys work, as this browser remembers it
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  // ---- what is different is exchanged; focus, opened details and images that are still right stay ----

  const handle = (element) => {
    if (!element || element === document.body) return null;
    if (element.id) return `#${CSS.escape(element.id)}`;
    return element.name && element.form?.id ? `#${CSS.escape(element.form.id)} [name="${CSS.escape(element.name)}"]` : null;
  };

  const isTyping = (element) => element?.matches?.("input, textarea, select") && element.type !== "checkbox";

  const sent = new WeakMap(); // what the server sent, as countdowns change what is shown
  const remember = (root) => { for (const part of $$("[data-live]", root)) sent.set(part, part.innerHTML); };

  const exchange = (old, fresh) => {
    const html = fresh.innerHTML;
    const focused = old.contains(document.activeElement) ? handle(document.activeElement) : null;
    const opened = $$("details[id][open]", old).map((details) => details.id);
    for (const kept of $$("[data-keep]", old)) {
      $$("[data-keep]", fresh).find((other) => other.dataset.keep === kept.dataset.keep)?.replaceWith(kept);
    }
    const made = document.adoptNode(fresh);
    old.replaceWith(made);
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    if (focused) $(focused)?.focus({ preventScroll: true });
    remember(made);
    sent.set(made, html);
    settle(made);
  };

  const settle = (root) => {
    for (const here of $$("[data-center]", root)) {
      const box = here.closest("[data-scroll]");
      if (box) box.scrollTop += here.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 2;
    }
    for (const box of $$("[data-keys-toggle]", root)) box.checked = keysOn();
  };

  const say = (text) => {
    const region = document.getElementById("said");
    if (text && region.textContent !== text) region.textContent = text;
  };

  const parsed = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");
  const isHtml = (response) => (response.headers.get("content-type") || "").startsWith("text/html");

  // ---- kept up to date: the server says only that something changed ----

  let timer = 0, running = false, again = false, latest = 0;

  // a button that is exchanged between press and release gets no click
  let pressed = false;
  addEventListener("pointerdown", () => { pressed = true; });
  for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, () => setTimeout(() => { pressed = false; }));

  const refresh = async () => {
    timer = 0;
    if (running) { again = true; return; }
    running = true;
    const mine = latest; // what a person did meanwhile comes first
    try {
      const response = await fetch(location.href, { cache: "no-store", credentials: "same-origin" });
      if (response.ok && isHtml(response)) {
        const fresh = await parsed(response);
        if (pressed) {
          again = true;
        } else if (mine === latest && !document.body.getAttribute("aria-busy")) {
          for (const old of $$("[data-live]")) {
            const other = fresh.getElementById(old.id);
            const typing = old.contains(document.activeElement) && isTyping(document.activeElement);
            if (other && !typing && sent.get(old) !== other.innerHTML) exchange(old, other);
          }
          say($("[data-says]", fresh)?.dataset.says);
        }
      }
    } catch { /* the event stream says that the daemon is gone */ }
    running = false;
    if (again) { again = false; soon(); }
  };

  // changes come in bursts; the page says how often it is worth while to look
  const soon = () => { timer ||= setTimeout(refresh, Number($("[data-pace]").dataset.pace)); };

  let stream = null;
  const listen = () => {
    if (stream || document.hidden || !$("[data-live]")) return;
    stream = new EventSource("/api/v1/events");
    stream.onopen = () => document.body.classList.remove("is-offline");
    stream.addEventListener("change", soon);
    stream.onerror = () => {
      document.body.classList.add("is-offline");
      if (stream.readyState !== EventSource.CLOSED) return; // it tries again by itself
      stream = null;
      setTimeout(listen, AGAIN_MS);
    };
  };
  const unlisten = () => { stream?.close(); stream = null; };
  // browsers allow few connections to one server: what nobody looks at holds none
  document.addEventListener("visibilitychange", () => (document.hidden ? unlisten() : listen()));
  addEventListener("pagehide", unlisten);
  addEventListener("pageshow", listen);

  // ---- forms and links within a view ----

  const go = async (address, options, push) => {
    const mine = ++latest;
    document.body.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { credentials: "same-origin", ...options });
      if (!isHtml(response)) { location.assign(response.url || address); return; }
      const fresh = await parsed(response);
      if (mine !== latest) return;
      const main = fresh.getElementById("main");
      if (!main) { location.assign(response.url); return; }
      exchange(document.getElementById("main"), main);
      const head = fresh.getElementById("head");
      if (head) exchange(document.getElementById("head"), head);
      document.title = fresh.title;
      const isPage = options.method !== "POST" || response.redirected; // what a form was refused with has no address
      if (push && isPage && response.url !== location.href) history.pushState({}, "", response.url);
      $("[data-focus]")?.focus({ preventScroll: true });
      say($("[data-says]")?.dataset.says);
    } catch {
      document.body.classList.add("is-offline");
    } finally {
      document.body.removeAttribute("aria-busy");
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-inline]") || event.defaultPrevented) return;
    event.preventDefault();
    if (document.body.getAttribute("aria-busy")) return; // a decision is taken once
    const fields = new URLSearchParams(new FormData(form, event.submitter));
    if (form.method === "get") go(`${form.action.split("?")[0]}?${fields}`, {}, true);
    else go(form.action, { method: "POST", body: fields }, true);
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-inline]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.href, {}, true);
  });

  addEventListener("popstate", () => go(location.href, {}, false));

  // ---- keys: each presses the button or link that has it; they can be switched off ----

  const keysOn = () => { try { return localStorage.getItem(KEYS) !== "off"; } catch { return true; } };

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-keys-toggle]")) return;
    try { localStorage.setItem(KEYS, event.target.checked ? "on" : "off"); } catch { /* for this page only, then */ }
  });

  document.addEventListener("keydown", (event) => {
    const active = document.activeElement;
    if (event.key === "Escape" && isTyping(active)) { active.blur(); $("[data-focus]")?.focus({ preventScroll: true }); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(active) || !keysOn()) return;
    if (event.key === "Enter" && active?.matches("a, button, summary, input")) return; // they have a meaning of their own
    const target = $$("[data-key]").find((element) => element.dataset.key.split(" ").includes(event.key));
    if (!target || target.disabled) return;
    event.preventDefault();
    if (target.matches("input")) { target.focus(); target.select(); } else target.click();
  });

  // ---- counts down between two refreshes ----

  setInterval(() => {
    for (const element of $$("[data-until]")) {
      const left = Math.max(0, Math.round(Number(element.dataset.until) - Date.now() / 1000));
      const text = left < 3600 ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : `${Math.round(left / 60)} min`;
      if (element.textContent !== text) element.textContent = text;
    }
  }, 1000);

  remember(document);
  settle(document);
  listen();
})();
