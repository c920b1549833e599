// The charts of an outlook: chances by day, a bar a chain, the forecast and the nowcast with their intervals. The numbers come as a JSON data block; colours are the
// page's own, so that the same file draws on the dark wall and on the light page.
(() => {
  const charts = new Map(); // element id -> {box, chart, shown}
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  const palette = (box) => {
    const style = getComputedStyle(box);
    const dark = Boolean(box.closest(".wall")) || document.documentElement.dataset.bsTheme === "dark";
    return { font: style.fontFamily, ink: style.color, soft: dark ? "#b6c4cf" : "#42505c", line: dark ? "#22303c" : "#dde1df", axis: dark ? "#3b4d5b" : "#b5bdbd", over: dark ? "#6fcf9f" : "#1d7449", quiet: dark ? "#86bdec" : "#16527f", open: dark ? "#f2a65e" : "#b8460b", closed: dark ? "#5d7486" : "#8796a3", box: dark ? "#14202b" : "#ffffff" };
  };
  const short = (day) => day.slice(5).replace("-", "/");
  const axis = (paint, extra) => ({ axisLine: { lineStyle: { color: paint.axis } }, axisTick: { show: false }, splitLine: { lineStyle: { color: paint.line } }, ...extra, axisLabel: { color: paint.soft, fontFamily: paint.font, hideOverlap: true, ...(extra.axisLabel || {}) } });
  const frame = (paint) => ({
    animation: !calm, animationDuration: 300, textStyle: { fontFamily: paint.font, color: paint.ink }, aria: { enabled: true, decal: { show: false } },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: paint.box, borderColor: paint.axis, textStyle: { color: paint.ink, fontFamily: paint.font, fontSize: 13 } },
  });

  const mark = (paint, name, where) => ({ ...where, label: { formatter: name, color: paint.soft, fontFamily: paint.font, fontSize: 11, position: where.yAxis === undefined ? "insideEndTop" : "insideEndBottom" } });
  const ends = (data, paint) => {
    const marks = [mark(paint, `${data.threshold_name} ${data.threshold}%`, { yAxis: data.threshold })];
    if (data.downgrade && data.days.includes(data.downgrade)) marks.push(mark(paint, data.downgrade_name, { xAxis: data.downgrade }));
    return {
      ...frame(paint),
      legend: { top: 0, left: 0, itemWidth: 16, itemHeight: 9, itemGap: 16, textStyle: { color: paint.soft, fontFamily: paint.font } },
      grid: { left: 42, right: 14, top: 34, bottom: 26 },
      xAxis: axis(paint, { type: "category", data: data.days, boundaryGap: false, axisLabel: { formatter: short } }),
      yAxis: axis(paint, { type: "value", min: 0, max: 100, interval: 25, axisLabel: { formatter: "{value}%" } }),
      series: [
        { name: data.names[0], type: "line", data: data.over, symbol: "none", lineStyle: { color: paint.over, width: 2.5 }, itemStyle: { color: paint.over },
          markLine: { silent: true, symbol: "none", animation: false, lineStyle: { color: paint.axis, type: "dashed", width: 1 }, data: marks } },
        { name: data.names[1], type: "line", data: data.quiet, symbol: "none", lineStyle: { color: paint.quiet, width: 2, type: "dashed" }, itemStyle: { color: paint.quiet } },
      ],
    };
  };

  const bars = (data, paint, today) => {
    const rows = data.rows;
    const drawBar = (params, api) => {
      const from = api.coord([api.value(1), api.value(0)]);
      const to = api.coord([api.value(2), api.value(0)]);
      const height = Math.max(5, Math.min(13, api.size([0, 1])[1] * 0.6));
      const row = rows[params.dataIndex];
      const colour = row.open ? paint.open : paint.closed;
      const left = Math.min(from[0], params.coordSys.x + params.coordSys.width - 8);
      const width = Math.max(8, to[0] - from[0]);
      return { type: "group", children: [
        { type: "rect", shape: { x: left, y: from[1] - height / 2, width, height, r: 2 }, style: { fill: colour } },
        { type: "text", style: { text: row.text, x: left - 6, y: from[1], align: "right", verticalAlign: "middle", fill: paint.soft, fontSize: 11, fontFamily: paint.font } },
      ] };
    };
    const stamp = (day) => new Date(`${day}T00:00:00`).getTime();
    const series = (open, name, colour) => ({ name, type: "custom", renderItem: drawBar, itemStyle: { color: colour }, encode: { x: [1, 2], y: 0 }, data: rows.map((row, at) => [at, stamp(row.first), stamp(row.last)]).filter((_unused, at) => open === null || rows[at].open === open) });
    return {
      ...frame(paint), tooltip: { show: false },
      grid: { left: 46, right: 18, top: 22, bottom: 26 },
      xAxis: axis(paint, { type: "time", minInterval: 86400000, max: stamp(today), axisLabel: { formatter: "{MM}/{dd}" } }),
      yAxis: { type: "category", data: rows.map((_row, at) => at), inverse: true, show: false },
      series: [{ ...series(null, data.label, paint.open), markLine: { silent: true, symbol: "none", animation: false, lineStyle: { color: paint.axis, type: "dashed" }, label: { position: "start", formatter: data.today_name, color: paint.soft, fontFamily: paint.font, fontSize: 11 }, data: [{ xAxis: stamp(today) }] } }],
    };
  };

  // Bands are stacked areas: an unseen base up to the lower end, then the width of the interval.
  const band = (paint, name, stack, low, high, opacity) => [
    { name: `${stack}-base`, type: "line", stack, symbol: "none", lineStyle: { opacity: 0 }, data: low, silent: true, tooltip: { show: false } },
    { name, type: "line", stack, symbol: "none", lineStyle: { opacity: 0 }, itemStyle: { color: paint.quiet, opacity }, areaStyle: { color: paint.quiet, opacity }, data: high.map((value, at) => (value === null ? null : value - low[at])), silent: true },
  ];
  // Where the legend needs two lines the plot begins below them. A band's sign is a box in the band's own shade.
  const headed = (paint, box, names, bands) => ({
    legend: { top: 0, left: 0, right: 0, itemWidth: 16, itemHeight: 9, itemGap: 12, textStyle: { color: paint.soft, fontFamily: paint.font },
      data: names.map((name, at) => (at >= names.length - bands ? { name, icon: "rect" } : { name })) },
    grid: { left: 42, right: 14, top: box.clientWidth < 420 ? 54 : 34, bottom: 26 },
  });

  const fan = (data, paint, box) => {
    const days = data.past_days.concat(data.days);
    const gap = data.past_days.map(() => null);
    const late = (values) => gap.concat(values);
    return {
      ...frame(paint), tooltip: { show: false }, ...headed(paint, box, data.names, 2),
      xAxis: axis(paint, { type: "category", data: days, axisLabel: { formatter: short } }),
      yAxis: axis(paint, { type: "value", min: 0, minInterval: 1, splitNumber: 4 }),
      series: [
        { name: data.names[0], type: "bar", data: data.past, itemStyle: { color: paint.closed }, barMaxWidth: 16 },
        ...band(paint, data.names[3], "ninety", late(data.low_90), late(data.high_90), 0.16), ...band(paint, data.names[2], "fifty", late(data.low_50), late(data.high_50), 0.3),
        { name: data.names[1], type: "line", data: late(data.median), symbol: "none", lineStyle: { color: paint.quiet, width: 2.5 }, itemStyle: { color: paint.quiet } },
      ],
    };
  };

  const filled = (data, paint, box) => ({
    ...frame(paint), tooltip: { show: false }, ...headed(paint, box, data.names, 1),
    xAxis: axis(paint, { type: "category", data: data.days, axisLabel: { formatter: short } }),
    yAxis: axis(paint, { type: "value", min: 0, minInterval: 1, splitNumber: 4 }),
    series: [
      { name: data.names[0], type: "bar", data: data.known, itemStyle: { color: paint.closed }, barMaxWidth: 16 },
      ...band(paint, data.names[2], "ninety-five", data.low, data.high, 0.24),
      { name: data.names[1], type: "line", data: data.median, symbol: "none", lineStyle: { color: paint.quiet, width: 2.5 }, itemStyle: { color: paint.quiet } },
    ],
  });

  const place = (id, text, label, make) => {
    const box = document.getElementById(id);
    if (!box || typeof echarts === "undefined") return;
    let known = charts.get(id);
    if (!known || known.box !== box) { known = { box, chart: null, shown: "" }; charts.set(id, known); }
    if (known.shown === text || !box.clientWidth) return;
    known.shown = text;
    if (!known.chart) known.chart = echarts.init(box, null, { renderer: "canvas" });
    box.setAttribute("aria-label", label);
    known.chart.setOption(make(palette(box), box), { notMerge: true });
    box.dataset.drawn = "1";
  };

  const draw = () => {
    const block = document.getElementById("outlook-data");
    if (!block) return;
    const data = JSON.parse(block.textContent);
    if (!data) return;
    if (data.end.days.length) place("outlook-end", JSON.stringify(data.end), data.end.label, (paint) => ends(data.end, paint));
    if (data.forecast) place("outlook-forecast", JSON.stringify(data.forecast), data.forecast.label, (paint, box) => fan(data.forecast, paint, box));
    if (data.nowcast) place("outlook-nowcast", JSON.stringify(data.nowcast), data.nowcast.label, (paint, box) => filled(data.nowcast, paint, box));
    if (data.chains.rows.length) place("outlook-chains", JSON.stringify(data.chains) + data.today, data.chains.label, (paint) => bars(data.chains, paint, data.today));
  };

  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { for (const known of charts.values()) if (known.chart) known.chart.resize(); }, 120);
  });
  new MutationObserver(() => { for (const known of charts.values()) known.shown = ""; draw(); }).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  document.addEventListener("htmx:afterSwap", draw);
  document.addEventListener("DOMContentLoaded", draw);
})();
