"use strict";
// One card for all marks: what was read, its piece of the scan, what became of it and why.
(() => {
  const card = document.getElementById("card");
  const marks = "[data-b]";
  const images = new Map();
  let current = null;

  const picture = (svg) => {
    if (!images.has(svg)) {
      const image = new Image();
      image.src = svg.querySelector("image").getAttribute("href");
      images.set(svg, image.decode().then(() => image, () => null));
    }
    return images.get(svg);
  };

  const shown = (mark) => {
    const is = (name) => mark.classList.contains(name);
    const on = (id) => document.getElementById(id).checked;
    return is("ok") || is("disputed") || is("single") || (is("no") && on("rejected")) || (is("num") && on("numbers"));
  };

  const element = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };

  const describe = (pairs) => {
    const list = document.createElement("dl");
    for (const [term, text] of pairs) {
      if (text) list.append(element("dt", term), element("dd", text));
    }
    return list;
  };

  const rows = (ids) => (ids || "").split(" ").filter(Boolean).map((id) => document.getElementById(id));

  const crop = async (mark) => {
    const svg = mark.closest(".page").querySelector("svg");
    const box = mark.dataset.b.split(" ").map(Number);
    if (!svg || box.length !== 4) return;
    const image = await picture(svg);
    if (!image || current !== mark) return;
    const { width, height } = svg.viewBox.baseVal;
    const x = image.naturalWidth / width, y = image.naturalHeight / height;
    const pad = (box[3] - box[1]) * 0.6;
    const left = Math.max(0, box[0] - pad * 2), top = Math.max(0, box[1] - pad);
    const wide = Math.min(width, box[2] + pad * 2) - left, high = Math.min(height, box[3] + pad) - top;
    const canvas = document.createElement("canvas");
    const zoom = Math.min(4, 720 / (wide * x), 220 / (high * y));
    canvas.width = Math.max(1, Math.round(wide * x * zoom));
    canvas.height = Math.max(1, Math.round(high * y * zoom));
    canvas.style.width = `${canvas.width / 2}px`;
    canvas.getContext("2d").drawImage(image, left * x, top * y, wide * x, high * y, 0, 0, canvas.width, canvas.height);
    card.prepend(canvas);
    place(mark);
  };

  const place = (mark) => {
    const spot = mark.getBoundingClientRect(), size = card.getBoundingClientRect();
    const below = spot.bottom + 8 + size.height < innerHeight || spot.top < size.height + 8;
    card.style.left = `${scrollX + Math.max(8, Math.min(spot.left, innerWidth - size.width - 24))}px`;
    card.style.top = `${scrollY + (below ? spot.bottom + 8 : spot.top - size.height - 8)}px`;
  };

  const twins = (mark) => {
    const page = mark.closest(".page");
    return [...page.querySelectorAll(marks)].filter((other) => other.dataset.b === mark.dataset.b);
  };

  const hide = () => {
    if (!current) return;
    twins(current).forEach((twin) => twin.classList.remove("here"));
    current = null;
    card.hidden = true;
  };

  const show = (mark) => {
    if (mark === current || !shown(mark)) return;
    hide();
    current = mark;
    twins(mark).forEach((twin) => twin.classList.add("here"));
    card.replaceChildren();
    for (const row of rows(mark.dataset.n)) {
      const cell = (name) => row.querySelector(`.${name}`).textContent;
      card.append(describe([
        ["number", cell("published")], ["other reading", cell("other-reading")], ["state", cell("state")],
        ["why this one", cell("chosen")],
      ]));
    }
    for (const row of rows(mark.dataset.e)) {
      const cell = (name) => row.querySelector(`.${name}`).textContent;
      card.append(describe([
        ["read", cell("raw") || "nothing"],
        [row.classList.contains("ok") ? "corrected" : "proposed", cell("new") || "nothing: no text is there"],
        ["verdict", cell("verdict")], ["reason", cell("reason")], ["evidence", cell("evidence")],
      ]));
    }
    if (mark.dataset.c) {
      card.append(describe([["read", mark.dataset.t], ["confidence", `${mark.dataset.c} of 100`]]));
    }
    card.hidden = false;
    place(mark);
    crop(mark);
  };

  const reachable = () => {
    for (const mark of document.querySelectorAll(`.text ${marks}`)) {
      if (shown(mark)) mark.tabIndex = 0;
      else mark.removeAttribute("tabindex");
    }
  };

  const target = (event) => event.target instanceof Element && event.target.closest(marks);
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const mark = target(event);
    if (mark) show(mark);
    else if (current && !card.contains(event.target)) hide();
  });
  document.addEventListener("focusin", (event) => target(event) && show(target(event)));
  document.addEventListener("click", (event) => {
    const mark = target(event);
    if (mark && shown(mark)) show(mark);
    else if (!card.contains(event.target)) hide();
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  document.addEventListener("change", () => { hide(); reachable(); });
  addEventListener("beforeprint", hide);
  reachable();
})();
