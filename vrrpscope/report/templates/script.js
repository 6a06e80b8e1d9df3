/* Makes the timelines move. All of them show one stretch of time, from `low` to `high` (shares of the whole).
   The drawing is complete without this: here only percentages are written anew. Nothing is made from text. */
"use strict";
(() => {
  const $ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
  const SVG = "http://www.w3.org/2000/svg";
  const NS = 1e9, DAY = 86400 * NS, LEAST = 1e-8;
  const STEPS = [];
  for (let e = 0; e < 9; e++) for (const m of [1, 2, 5]) STEPS.push(m * 10 ** e);
  for (const s of [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200]) STEPS.push(s * NS);
  for (const d of [1, 2, 7, 14, 28, 91, 182, 364, 3640, 36400]) STEPS.push(d * DAY);

  let low = 0, high = 1, frame = 0;
  const charts = $(".chart").map((root) => {
    const plot = root.querySelector(".plot");
    const chart = {
      root, plot,
      start: BigInt(root.dataset.start), length: Number(BigInt(root.dataset.end) - BigInt(root.dataset.start)),
      placed: $(".x", plot).map((el) => ({
        el, need: el.dataset.need, x: parseFloat(el.getAttribute("x")) / 100, width: parseFloat(el.getAttribute("width")) / 100,
      })),
      items: $(".i", plot).map((el) => ({ el, from: el.dataset.from / 100, width: el.dataset.for / 100 })),
      details: root.querySelector(".details"), current: -1,
    };
    chart.items.sort((a, b) => a.from - b.from);
    return chart;
  });

  /* --- drawing ------------------------------------------------------------------------------------- */

  function show(from, to) {
    const width = clamp(to - from, LEAST, 1);
    low = clamp(from, 0, 1 - width);
    high = low + width;
    if (!frame) frame = requestAnimationFrame(draw);
  }

  function draw() {
    frame = 0;
    const scale = high - low;
    for (const chart of charts) {
      const room = chart.plot.clientWidth;
      for (const { el, need, x, width } of chart.placed) {
        let left = (x - low) / scale, right = left;
        if (width === width) {
          right = left + width / scale;
          left = clamp(left, -1, 2);  // far beyond the edges numbers lose their precision
          right = clamp(right, -1, 2);
          el.setAttribute("width", (right - left) * 100 + "%");
          if (need) el.classList.toggle("narrow", (right - left) * room < need);
        }
        el.setAttribute("x", left * 100 + "%");
        el.classList.toggle("off", right < -0.05 || left > 1.05);
      }
      chart.plot.classList.toggle("zoomed", scale < 1);
      ticks(chart);
    }
  }

  function ticks(chart, most = Math.max(chart.plot.clientWidth / 110, 2)) {
    $(".tick", chart.plot).forEach((el) => el.remove());
    const length = chart.length * (high - low);
    const step = STEPS.find((s) => length / s < most) || STEPS[STEPS.length - 1];
    const height = chart.plot.getAttribute("height") - 0, before = chart.plot.firstChild;
    const from = Number(chart.start % BigInt(DAY)) + chart.length * low;
    const midnight = chart.start - (chart.start % BigInt(DAY));
    for (let t = Math.ceil(from / step) * step; t <= from + length; t += step) {
      const x = (t - from) / length, group = document.createElementNS(SVG, "g");
      group.setAttribute("class", "tick");
      group.setAttribute("aria-hidden", "true");
      const line = document.createElementNS(SVG, "line"), text = document.createElementNS(SVG, "text");
      for (const [name, value] of [["x1", x * 100 + "%"], ["x2", x * 100 + "%"], ["y1", 0], ["y2", height - 18]])
        line.setAttribute(name, value);
      text.setAttribute("x", x * 100 + "%");
      text.setAttribute("y", height - 4);
      text.setAttribute("text-anchor", x < 0.06 ? "start" : x > 0.94 ? "end" : "middle");
      text.textContent = stamp(midnight + BigInt(Math.round(t)), step, chart.length >= DAY);
      group.append(line, text);
      chart.plot.insertBefore(group, before);
    }
  }

  function stamp(t, step, days) {
    const iso = new Date(Number(t / 1000000n)).toISOString();
    if (step >= DAY) return iso.slice(0, 10);
    let text = iso.slice(11, step >= 60 * NS ? 16 : 19);
    if (step < NS) {
      const decimals = step >= 1e6 ? 3 : step >= 1e3 ? 6 : 9;
      text += "." + String(t % 1000000000n).padStart(9, "0").slice(0, decimals);
    }
    return days ? iso.slice(5, 10) + " " + text : text;
  }

  function zoom(factor, at = 0.5) {
    const scale = high - low, middle = low + at * scale, wanted = clamp(scale * factor, LEAST, 1);
    show(middle - at * wanted, middle - at * wanted + wanted);
  }

  const pan = (share) => show(low + share * (high - low), high + share * (high - low));
  const deeds = {
    in: () => zoom(0.5), out: () => zoom(2), left: () => pan(-0.25), right: () => pan(0.25), all: () => show(0, 1),
  };

  /* --- details ------------------------------------------------------------------------------------- */

  function tell(chart, item, keep) {
    if (keep) {
      $(".i.sel", chart.plot).forEach((el) => el.classList.remove("sel"));
      if (item) item.el.classList.add("sel");
      chart.current = item ? chart.items.indexOf(item) : -1;
    }
    const shown = item || chart.items[chart.current];
    const text = shown ? shown.el.querySelector("title").textContent : "";
    if (chart.details.textContent !== text) chart.details.textContent = text;
  }

  function go(chart, place) {
    const item = chart.items[clamp(place, 0, chart.items.length - 1)];
    if (!item) return;
    tell(chart, item, true);
    if (item.from < low || item.from > high) show(item.from - (high - low) / 2, item.from + (high - low) / 2);
    item.el.focus({ preventScroll: true });
  }

  function into(item) {
    const margin = Math.max(item.width * 0.3, 1e-3, LEAST);
    show(item.from - margin, item.from + item.width + margin);
  }

  /* --- keys, wheel and fingers ---------------------------------------------------------------------- */

  for (const chart of charts) {
    const { plot, root } = chart, fingers = new Map();
    let moved = 0, spread = 0;
    const share = (event) => (event.clientX - plot.getBoundingClientRect().left) / plot.clientWidth;
    const of = (target) => chart.items.find((item) => item.el === target.closest(".i"));

    $("[data-do]", root).forEach((button) => button.addEventListener("click", deeds[button.dataset.do]));

    plot.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const item = chart.items[chart.current];
      const keys = {
        "+": deeds.in, "=": deeds.in, "-": deeds.out, ArrowLeft: deeds.left, ArrowRight: deeds.right, 0: deeds.all,
        Home: deeds.all, n: () => go(chart, chart.current + 1), p: () => go(chart, chart.current - 1),
        Enter: () => item && into(item), Escape: () => { tell(chart, null, true); plot.focus(); },
      };
      const deed = keys[event.key];
      if (!deed || (event.key === "Enter" && event.target.closest("a"))) return;
      event.preventDefault();
      deed();
    });

    plot.addEventListener("wheel", (event) => {
      const across = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (across) pan(event.deltaX / plot.clientWidth);
      else if (event.ctrlKey || event.metaKey || plot.matches(":focus, :focus-within")) zoom(Math.exp(event.deltaY / 300), share(event));
      else return;
      event.preventDefault();
    }, { passive: false });

    plot.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      fingers.set(event.pointerId, event);
      moved = 0;
      if (fingers.size === 2) spread = 0;
    });
    plot.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) {
        if (event.pointerType === "mouse") tell(chart, of(event.target), false);
        return;
      }
      fingers.set(event.pointerId, event);
      const dx = (event.clientX - before.clientX) / plot.clientWidth;
      if (fingers.size === 1) {
        moved += Math.abs(event.clientX - before.clientX);
        if (moved > 4) {
          if (!plot.hasPointerCapture(event.pointerId)) plot.setPointerCapture(event.pointerId);
          plot.classList.add("dragging");
          pan(-dx);
        }
      } else {
        const [a, b] = [...fingers.values()], apart = Math.abs(a.clientX - b.clientX);
        if (spread && apart > 8) zoom(clamp(spread / apart, 0.5, 2), (share(a) + share(b)) / 2);
        spread = apart;
        moved = 99;
      }
    });
    const lift = (event) => {
      fingers.delete(event.pointerId);
      plot.classList.remove("dragging");
    };
    plot.addEventListener("pointerup", lift);
    plot.addEventListener("pointercancel", lift);
    plot.addEventListener("pointerleave", (event) => { if (!fingers.size && event.pointerType === "mouse") tell(chart, null, false); });
    plot.addEventListener("click", (event) => {
      if (moved > 4) event.preventDefault();
      else if (of(event.target) || !event.target.closest("a")) tell(chart, of(event.target), true);
    });
    plot.addEventListener("dblclick", (event) => {
      const item = of(event.target);
      if (item) into(item);
      else zoom(0.4, share(event));
    });
    plot.addEventListener("focusin", (event) => {
      const item = of(event.target);
      if (item) tell(chart, item, true);
    });
  }

  /* --- the rest of the page ------------------------------------------------------------------------- */

  $(".do-copy").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const code = button.parentNode.querySelector("code");
      let done = false;
      try {
        await navigator.clipboard.writeText(code.textContent);
        done = true;
      } catch {
        const range = document.createRange();
        range.selectNodeContents(code);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        done = document.execCommand("copy");
      }
      button.textContent = done ? "Copied" : "Selected";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  });

  $(".do-show").forEach((button) => {
    for (const chart of charts) {
      const item = chart.items.find(({ el }) => el.getAttribute("href") === "#" + button.dataset.for);
      if (!item) continue;
      button.hidden = false;
      button.addEventListener("click", () => {
        into(item);
        tell(chart, item, true);
        chart.root.scrollIntoView({ block: "center" });
        chart.plot.focus({ preventScroll: true });
      });
    }
  });

  const theme = document.getElementById("theme"), dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const name = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.hidden = false;
  name();
  dark.addEventListener("change", name);
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    name();
  });

  function unfold() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const folded = target && target.querySelector("details");
    if (folded) folded.open = true;
  }
  addEventListener("hashchange", unfold);
  unfold();
  addEventListener("beforeprint", () => {
    $("details").forEach((el) => { el.open = true; });
    charts.forEach((chart) => ticks(chart, 5));
  });
  addEventListener("afterprint", () => show(low, high));
  addEventListener("resize", () => show(low, high));
  $(".tools, .hint").forEach((el) => { el.hidden = false; });
  show(0, 1);
})();
