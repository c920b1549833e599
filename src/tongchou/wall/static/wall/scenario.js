// The charts of a comparison: both scenarios on the same axes, a line for the median between a dark and a light band.
// The numbers come as a JSON data block; on paper the same charts are drawn in ink.
(() => {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const screen = { ink: "#eef3f6", soft: "#b6c4cf", line: "#22303c", axis: "#3b4d5b", box: "#14202b", sides: ["#86bdec", "#f2a65e"], mark: "#ff9a90" };
  const paper = { ink: "#000000", soft: "#222222", line: "#cccccc", axis: "#777777", box: "#ffffff", sides: ["#16527f", "#b8460b"], mark: "#b3261e" };
  const font = getComputedStyle(document.body).fontFamily;
  const charts = [];
  const sheet = { width: 322, height: 140 };
  let data = null;

  const short = (value) => {
    if (Math.abs(value) < 10000) return value.toLocaleString("en");
    return data.lang === "zh" ? `${Math.round(value / 1000) / 10}万` : `${Math.round(value / 100) / 10}k`;
  };
  const thin = (value) => (Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : String(Math.round(value * 10) / 10));

  // A band is two stacked lines: an invisible one up to the lower edge, and what is added to it up to the upper edge.
  const band = (key, side, low, high, opacity, paint) => {
    const values = data.bands[side][key];
    const stack = `${key}-${side}-${low}`;
    const quiet = { type: "line", stack, symbol: "none", silent: true, lineStyle: { opacity: 0 }, emphasis: { disabled: true }, tooltip: { show: false } };
    return [
      { ...quiet, data: values[low] },
      { ...quiet, data: values[high].map((value, day) => value - values[low][day]), areaStyle: { color: paint.sides[side], opacity } },
    ];
  };

  const line = (key, side, paint) => ({
    name: data.names[side], type: "line", data: data.bands[side][key][2], symbol: "none", z: 5,
    lineStyle: { color: paint.sides[side], width: 2.25, type: side ? "dashed" : "solid" }, itemStyle: { color: paint.sides[side] },
    endLabel: { show: true, formatter: data.letters[side], color: paint.sides[side], fontFamily: font, fontSize: 12, fontWeight: "bold", distance: 4 }, labelLayout: { moveOverlap: "shiftY" },
    ...(key === "beds" && side === 0 && data.beds !== null ? { markLine: { silent: true, symbol: "none", animation: false, lineStyle: { color: paint.mark, type: "solid", width: 1.5 }, label: { formatter: `${data.words.beds} ${thin(data.beds)}`, color: paint.mark, fontFamily: font, fontSize: 11, position: "insideStartTop" }, data: [{ yAxis: data.beds }] } } : {}),
  });

  // An invisible line of the beds draws the axis up to them. Far above every band it would press the bands flat: then it
  // is left out, and the words say that the beds suffice.
  const reach = (top, most) => (top > most && top < 4 * most ? [{ type: "line", data: data.days.map(() => 1.08 * top), symbol: "none", silent: true, lineStyle: { opacity: 0 }, emphasis: { disabled: true }, tooltip: { show: false } }] : []);

  const told = (key) => (points) => {
    const day = points.length ? points[0].dataIndex : 0;
    const lines = [0, 1].map((side) => {
      const values = data.bands[side][key].map((row) => row[day]);
      return `${data.letters[side]}  ${thin(values[2])}  (${data.words.band_50} ${thin(values[1])}–${thin(values[3])}, ${data.words.band_90} ${thin(values[0])}–${thin(values[4])})`;
    });
    return [data.days[day], ...lines].join("\n");
  };

  const option = (key, paint, still) => {
    const top = key === "beds" && data.beds !== null ? data.beds : 0;
    const most = Math.max(...[0, 1].map((side) => Math.max(...data.bands[side][key][4])));
    return {
      animation: !calm && !still, animationDuration: 300, textStyle: { fontFamily: font, color: paint.ink }, aria: { enabled: false },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: paint.box, borderColor: paint.axis, textStyle: { color: paint.ink, fontFamily: font, fontSize: 12 }, formatter: told(key) },
      grid: { left: 46, right: 24, top: 12, bottom: 24 },
      xAxis: { type: "category", data: data.days, boundaryGap: false, axisTick: { show: false }, axisLine: { lineStyle: { color: paint.axis } }, axisLabel: { color: paint.soft, fontFamily: font, hideOverlap: true, formatter: (day) => day.slice(5).replace("-", "/") } },
      yAxis: { type: "value", splitNumber: 3, minInterval: 1, axisLine: { show: false }, splitLine: { lineStyle: { color: paint.line } }, axisLabel: { color: paint.soft, fontFamily: font, formatter: short } },
      series: [0, 1].flatMap((side) => [...band(key, side, 0, 4, 0.16, paint), ...band(key, side, 1, 3, 0.3, paint)]).concat([0, 1].map((side) => line(key, side, paint)), reach(top, most)),
    };
  };

  const draw = (paint, still) => {
    for (const one of charts) one.chart.setOption(option(one.key, paint, still), true);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const block = document.getElementById("scenario-data");
    if (!block || typeof echarts === "undefined") return;
    data = JSON.parse(block.textContent);
    for (const box of document.querySelectorAll(".scenario-chart")) {
      charts.push({ key: box.dataset.series, box, chart: echarts.init(box, null, { renderer: "canvas" }) });
      box.dataset.drawn = "1";
    }
    echarts.connect(charts.map((one) => one.chart));
    draw(screen, false);
  });
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { for (const one of charts) one.chart.resize(); }, 120);
  });
  // On paper a chart has the size that the print styles give it; the screen's size is still in force when this is called.
  window.addEventListener("beforeprint", () => { for (const one of charts) one.chart.resize(sheet); draw(paper, true); });
  window.addEventListener("afterprint", () => { for (const one of charts) one.chart.resize({ width: "auto", height: "auto" }); draw(screen, true); });
})();
