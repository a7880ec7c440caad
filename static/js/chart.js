/*
 * Draws the history charts. The page carries each chart as JSON: how its series look and, unless
 * there are many, their values; many are fetched from the time series API. Values are in base units
 * and are scaled like the numbers beside the chart. The same values are in a table for whoever has
 * no script or does not see the canvas.
 */
"use strict";

const UNKNOWN = "–";
const DASHES = [undefined, [6, 4], [2, 3], [10, 3, 2, 3]];
const COLOURS = 8;

/* Numbers as everywhere on the pages: two decimals under 10, one above, a true minus. */
function number(value) {
  if (value == null) return UNKNOWN;
  const digits = value !== 0 && Math.abs(value) < 9.995 ? 2 : 1;
  return value
    .toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replace("-", "−");
}

/* Where a power flows both ways, a word stands for the sign. */
function quantity(value, { unit, directions }) {
  if (value == null) return UNKNOWN;
  const written = number(directions ? Math.abs(value) : value) + (unit && ` ${unit}`);
  const word = directions && value !== 0 ? ` ${directions[value > 0 ? 0 : 1]}` : "";
  return written + word;
}

const MINUTE = 60_000;

/* Minutes by which clocks are ahead of UTC, as an Intl format writes it: GMT+5:30. */
function offsetOf(format, at) {
  const { value } = format.formatToParts(at).find(({ type }) => type === "timeZoneName");
  const [, sign, hours, minutes] = value.match(/([+-])(\d+):?(\d*)/) ?? [];
  return sign ? (sign === "-" ? -1 : 1) * (60 * Number(hours) + Number(minutes)) : 0;
}

/* The offset where clocks show a time twice, because they were set back: of all others "". */
function whichOfTwo(format, at) {
  const offset = offsetOf(format, at);
  const isShownTwice = [-1, 1].some((way) => {
    const setBack = way * (offset - offsetOf(format, at + way * 180 * MINUTE));
    return setBack > 0 && offsetOf(format, at + way * setBack * MINUTE) !== offset;
  });
  if (!isShownTwice) return "";
  const size = Math.abs(offset);
  const rest = size % 60 ? `:${String(size % 60).padStart(2, "0")}` : "";
  return `${offset < 0 ? "−" : "+"}${Math.floor(size / 60)}${rest}`;
}

function formatters(timeZone) {
  const make = (options) => new Intl.DateTimeFormat("en-GB", { timeZone, ...options });
  return {
    offset: make({ timeZoneName: "shortOffset" }),
    time: make({ hour: "2-digit", minute: "2-digit" }),
    seconds: make({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    day: make({ day: "numeric", month: "short" }),
    full: make({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  };
}

/* uPlot wants one ascending x for all series; raw series bring their own. */
function columns(answer, description) {
  const divide = (values, divisor) => (values ?? []).map((value) => (value == null ? null : value / divisor));
  const drawn = answer.series.map((series, index) => {
    const { divisor } = description.series[index];
    const parts = series.min && answer.series.length === 1 ? [series.values, series.min, series.max] : [series.values];
    return [series.timestamps ?? answer.timestamps, ...parts.map((part) => divide(part, divisor))];
  });
  const tables = drawn.map(([times, ...values]) => [times.map((time) => time / 1000), ...values]);
  return tables.length === 1 ? tables[0] : uPlot.join(tables);
}

/* The API's answer, or what is wrong with it and what to do about that. */
async function fetchAnswer(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!response) return { problem: "The server cannot be reached: check the connection." };
  if (response.status === 401 || response.status === 403) return { problem: "You are signed out: load the page again." };
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return { answer };
  return { problem: answer?.detail ?? `The server failed (${response.status}): try again shortly.` };
}

class HistoryChart {
  constructor(element) {
    this.element = element;
    this.description = JSON.parse(document.getElementById(element.dataset.chart).textContent);
    const legend = document.querySelectorAll(`[data-legend-of="${element.id}"]`);
    this.description.series.forEach((series, index) => (series.entry = legend[index]));
    this.load();
  }

  async load() {
    try {
      this.formats ??= formatters(this.description.zone);
      const answer = this.description.answer ?? (await this.fetch());
      if (!answer) return;
      this.data = columns(answer, this.description);
      this.draw();
      this.listen();
    } catch (error) {
      console.error(error);
      this.note("The chart could not be drawn. The same values are in the table.");
    }
  }

  async fetch() {
    this.note("Loading history…");
    const { answer, problem } = await fetchAnswer(this.description.url);
    if (problem) return this.offerAgain(`History could not be loaded. ${problem}`);
    /* A Metric may have become invisible since the page was made. */
    const byMetric = new Map(answer.series.map((series) => [series.metric, series]));
    this.description.series = this.description.series.filter(({ metric }) => byMetric.has(metric));
    answer.series = this.description.series.map(({ metric }) => byMetric.get(metric));
    return answer;
  }

  note(text) {
    const note = document.createElement("p");
    note.className = "chart-note";
    note.textContent = text;
    this.element.replaceChildren(note);
  }

  offerAgain(text) {
    this.note(text);
    const again = document.createElement("button");
    again.type = "button";
    again.className = "button small";
    again.textContent = "Try again";
    again.addEventListener("click", () => this.load());
    this.element.firstChild.append(again);
  }

  /* The swatch in the legend has the colour that the theme gives the series. */
  colour(series) {
    return getComputedStyle(series.entry.querySelector(".swatch")).backgroundColor;
  }

  /* One scale a unit; the first two units get an axis, left and right. */
  units() {
    return [...new Set(this.description.series.map((series) => series.unit))];
  }

  axes() {
    const style = getComputedStyle(this.element);
    const grid = style.borderTopColor;
    const common = { stroke: style.color, font: `12px ${style.fontFamily}`, ticks: { show: false }, gap: 6 };
    const units = this.units();
    const sides = units.slice(0, 2).map((unit, side) => ({
      ...common,
      scale: `y-${unit}`,
      side: side ? 1 : 3,
      size: 52,
      ...(units.length > 1 && { label: unit, labelSize: 18, labelFont: common.font }),
      grid: side ? { show: false } : { stroke: grid, width: 1 },
      values: (plot, ticks) => ticks.map((tick) => tick.toLocaleString("en-GB").replace("-", "−")),
    }));
    const x = { ...common, grid: { show: false }, space: 64, size: 30, values: (plot, ticks) => this.times(ticks) };
    return [x, ...sides];
  }

  times(ticks) {
    const step = ticks.length > 1 ? ticks[1] - ticks[0] : 3600;
    return ticks.map((tick) => {
      const at = tick * 1000;
      if (step >= 86400) return this.formats.day.format(at);
      const time = (step < 60 ? this.formats.seconds : this.formats.time).format(at);
      const offset = whichOfTwo(this.formats.offset, at);
      if (offset) return `${time} ${offset}`;
      return time === "00:00" ? this.formats.day.format(at) : time;
    });
  }

  moment(index) {
    const at = this.data[0][index] * 1000;
    const offset = whichOfTwo(this.formats.offset, at);
    return this.formats.full.format(at) + (offset && ` (UTC${offset})`);
  }

  series() {
    const quiet = { points: { show: false } };
    return this.description.series.flatMap((series, index) => {
      const stroke = this.colour(series);
      const scale = `y-${series.unit}`;
      const dash = DASHES[(this.units().indexOf(series.unit) + Math.floor(index / COLOURS)) % DASHES.length];
      const show = !series.hidden;
      const line = { scale, stroke, width: 1.5, dash, show, paths: series.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined, ...this.points(stroke) };
      return this.hasEnvelope() ? [line, { scale, show, stroke: "transparent", ...quiet }, { scale, show, stroke: "transparent", ...quiet }] : [line];
    });
  }

  /* A value between two gaps would be invisible without a dot; of few values each has one. */
  points(fill) {
    const isFew = this.data[0].length < 60;
    /* Where another series has a time that this one lacks, its value is undefined: lines span that. */
    const lone = (plot, series) => {
      const values = plot.data[series];
      const own = [...values.keys()].filter((index) => values[index] !== undefined);
      const isKnown = (place) => values[own[place]] != null;
      return own.filter((_, place) => isKnown(place) && !isKnown(place - 1) && !isKnown(place + 1));
    };
    return { points: { size: isFew ? 5 : 6, fill, show: isFew, filter: isFew ? null : lone } };
  }

  hasEnvelope() {
    return this.data.length === 1 + 3 * this.description.series.length;
  }

  bands() {
    if (!this.hasEnvelope()) return [];
    return this.description.series.map((series, index) => ({
      series: [3 * index + 3, 3 * index + 2],
      fill: `color-mix(in srgb, ${this.colour(series)} 18%, transparent)`,
    }));
  }

  draw() {
    const index = this.plot?.cursor.idx;
    this.plot?.destroy();
    const axes = this.axes();
    const series = this.series();
    const bands = this.bands();
    this.element.replaceChildren();
    const size = { width: this.element.clientWidth, height: this.element.clientHeight };
    const scales = { x: { time: true, range: () => this.description.window } };
    for (const unit of this.units()) scales[`y-${unit}`] = unit === "%" ? { range: [0, 100] } : {};
    this.plot = new uPlot(
      {
        ...size,
        // The last label under the axis reaches as far beyond its tick as half of it is wide.
        padding: [10, this.units().length > 1 ? 0 : 30, 0, 0],
        legend: { show: false },
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), this.description.zone),
        cursor: { y: false, drag: { x: false, y: false } },
        scales,
        axes,
        series: [{}, ...series],
        bands,
        hooks: { setCursor: [(plot) => this.show(plot.cursor.idx)] },
      },
      this.data,
      this.element,
    );
    /* It would paint after this function: a fault is to be caught where it is called. */
    this.plot.batch(() => {});
    if (index != null) this.move(index);
  }

  values(index) {
    const step = this.hasEnvelope() ? 3 : 1;
    return this.description.series.map((series, order) => quantity(this.data[1 + step * order][index], series));
  }

  show(index) {
    const values = index == null ? null : this.values(index);
    this.description.series.forEach(({ entry }, order) => {
      const cell = entry.querySelector("[data-at-cursor]");
      cell.textContent = values ? values[order] : cell.dataset.atCursor;
    });
    const at = document.querySelector(`[data-cursor-of="${this.element.id}"]`);
    if (at) at.textContent = index == null ? at.dataset.otherwise : this.moment(index);
  }

  say(index) {
    const live = document.querySelector(`[data-live-of="${this.element.id}"]`);
    const values = this.values(index);
    const parts = this.description.series.map((series, order) => `${series.label} ${values[order]}`);
    live.textContent = `${this.moment(index)}: ${parts.join(", ")}`;
  }

  move(index) {
    const left = this.plot.valToPos(this.data[0][index], "x");
    this.plot.setCursor({ left, top: 10 });
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    let width = this.element.clientWidth;
    new ResizeObserver(() => {
      if (this.element.clientWidth === width) return;
      width = this.element.clientWidth;
      this.plot.setSize({ width, height: this.element.clientHeight });
    }).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.element.addEventListener("keydown", (event) => this.press(event));
    for (const series of this.description.series) {
      const toggle = series.entry.querySelector("[data-toggle-series]");
      if (!toggle) continue;
      toggle.hidden = false;
      toggle.addEventListener("change", () => {
        series.hidden = !toggle.checked;
        this.draw();
      });
    }
  }

  /* Arrow keys read the chart value by value, with Shift a twenty-fourth of it at a time. */
  press(event) {
    const last = this.data[0].length - 1;
    const step = event.shiftKey ? Math.max(1, Math.round(last / 24)) : 1;
    const from = this.plot.cursor.idx ?? last;
    const to = { ArrowLeft: from - step, ArrowRight: from + step, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    const index = Math.min(last, Math.max(0, to));
    this.move(index);
    this.say(index);
  }
}

for (const element of document.querySelectorAll("[data-chart]")) new HistoryChart(element);
