// The wall's chart. The numbers come as a JSON data block inside the live region; htmx swaps the region,
// the chart stands outside it and only takes the new numbers, so nothing flickers.
(() => {
  let box = null;
  let chart = null;
  let shown = "";
  const paint = { ink: "#eef3f6", ink2: "#b6c4cf", line: "#22303c", report: "#86bdec", onset: "#f2a65e", active: "#f1c673", recovered: "#6fcf9f", mark: "#93a4b1" };
  const font = getComputedStyle(document.body).fontFamily;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  const quiet = (values) => values.map((value) => value || null); // a day without a case draws no line at zero

  const axis = (extra) => ({ axisLine: { lineStyle: { color: "#3b4d5b" } }, axisTick: { show: false }, axisLabel: { color: paint.ink2, fontFamily: font }, splitLine: { lineStyle: { color: paint.line } }, ...extra });
  const option = (data) => {
    const small = box.clientWidth < 560;
    const left = 44;
    const free = box.clientHeight - 56 - 26 - 40; // legend and labels above, day labels below, room between the two charts
    const marks = data.marks.map((mark) => ({ xAxis: mark.day, label: { formatter: small ? mark.short : mark.label } }));
    return {
      animation: !calm, animationDuration: 300, animationDurationUpdate: 300,
      textStyle: { fontFamily: font, color: paint.ink },
      aria: { enabled: true, decal: { show: false } },
      legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 9, itemGap: 18, textStyle: { color: paint.ink2, fontFamily: font }, inactiveColor: "#5d6f7c", data: data.names.map((name) => ({ name })) },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: "#14202b", borderColor: "#3b4d5b", textStyle: { color: paint.ink, fontFamily: font, fontSize: 13 } },
      axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: "#5d7486" } },
      grid: [{ left, right: 14, top: 56, height: free * 0.64 }, { left, right: 14, bottom: 26, height: free * 0.36 }],
      xAxis: [
        axis({ type: "category", data: data.days, axisLabel: { show: false } }),
        axis({ type: "category", gridIndex: 1, data: data.days, axisLabel: { color: paint.ink2, fontFamily: font, hideOverlap: true, formatter: (day) => day.slice(5).replace("-", "/") } }),
      ],
      yAxis: [
        axis({ type: "value", minInterval: 1, splitNumber: 3, axisLine: { show: false }, name: data.unit_new, nameTextStyle: { color: paint.ink2, align: "right", fontFamily: font }, nameGap: 8 }),
        axis({ type: "value", gridIndex: 1, minInterval: 1, splitNumber: 2, axisLine: { show: false }, name: data.unit_state, nameTextStyle: { color: paint.ink2, align: "right", fontFamily: font }, nameGap: 8 }),
      ],
      series: [
        { name: data.names[0], type: "bar", data: quiet(data.report), itemStyle: { color: paint.report }, barMaxWidth: 22, barGap: "0%",
          markLine: { silent: true, symbol: "none", animation: false, lineStyle: { color: paint.mark, type: "dashed", width: 1 }, label: { color: paint.ink2, fontFamily: font, fontSize: 11, position: "end", distance: 3 }, data: marks } },
        { name: data.names[1], type: "bar", data: quiet(data.onset), itemStyle: { color: "rgba(242,166,94,0.16)", borderColor: paint.onset, borderWidth: 1.4 }, barMaxWidth: 22 },
        { name: data.names[2], type: "line", xAxisIndex: 1, yAxisIndex: 1, data: data.active, symbol: "none", lineStyle: { color: paint.active, width: 2.5 }, itemStyle: { color: paint.active }, areaStyle: { color: "rgba(241,198,115,0.14)" } },
        { name: data.names[3], type: "line", xAxisIndex: 1, yAxisIndex: 1, data: data.recovered, symbol: "none", lineStyle: { color: paint.recovered, width: 2.5, type: "dashed" }, itemStyle: { color: paint.recovered } },
      ],
    };
  };

  const draw = () => {
    const block = document.getElementById("curve-data");
    const here = document.getElementById("curve-chart");
    if (here !== box) { box = here; chart = null; shown = ""; }
    if (!box || !block || typeof echarts === "undefined") return;
    if (block.textContent === shown) return;
    shown = block.textContent;
    const data = JSON.parse(shown);
    box.hidden = !data.days.length;
    if (!data.days.length) return;
    if (!chart) chart = echarts.init(box, null, { renderer: "canvas" });
    box.setAttribute("aria-label", data.label);
    chart.setOption(option(data), { notMerge: false, lazyUpdate: false });
    box.dataset.drawn = "1";
  };

  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (chart) { chart.resize(); shown = ""; draw(); } }, 120);
  });
  // Each question names the version on screen, so that nothing comes back while nothing has changed.
  document.addEventListener("htmx:configRequest", (event) => {
    const grid = document.getElementById("wall-grid");
    if (event.target.id === "live" && grid) event.detail.parameters.version = grid.dataset.version;
  });
  // A hidden window asks for nothing.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "live" && document.visibilityState !== "visible") event.preventDefault();
  });
  document.addEventListener("htmx:afterSwap", draw);
  document.addEventListener("DOMContentLoaded", draw);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-full-screen]")) return;
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  });
})();
