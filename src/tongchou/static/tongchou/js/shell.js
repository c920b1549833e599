// The frame of every page: theme buttons, the city's clock, the search key, language, toasts.
(() => {
  const marks = () => {
    const choice = document.documentElement.dataset.themeChoice;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      if (button.tagName === "BUTTON") button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-theme-choice]");
    if (button) window.tongchouTheme.choose(button.dataset.themeChoice);
    const print = event.target.closest("[data-print]");
    if (print) window.print();
    const back = event.target.closest("[data-back]");
    if (back) window.history.back();
  });
  document.addEventListener("tongchou:theme", marks);
  marks();

  // The city's clock runs on from the instant the server gave, so a replayed day shows its own time.
  const clock = document.querySelector("[data-city-clock]");
  if (clock) {
    const started = Date.parse(clock.dateTime);
    const loaded = Date.now();
    const zone = clock.dataset.zone;
    const language = document.documentElement.lang;
    const hour = new Intl.DateTimeFormat(language, { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const day = new Intl.DateTimeFormat(language, { timeZone: zone, year: "numeric", month: "short", day: "numeric", weekday: "short" });
    const tick = () => {
      const now = new Date(started + (Date.now() - loaded));
      const [hours, days] = [clock.querySelector("b"), clock.querySelector("span")];
      const [hourText, dayText] = [hour.format(now), day.format(now)];
      if (hours.textContent !== hourText) hours.textContent = hourText;
      if (days.textContent !== dayText) days.textContent = dayText;
    };
    if (clock.dataset.running === "1") { tick(); setInterval(tick, 5000); }
  }

  // "/" puts the cursor into the search box, unless one is typing.
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;
    const search = document.getElementById("bar-search");
    if (event.key === "/" && search && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
  });

  // A form that says data-autosubmit is sent when one of its fields changes.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form) form.requestSubmit();
  });

  // A request that failed says so; silence would look like success.
  const say = (text) => {
    const box = document.getElementById("said");
    if (box) box.textContent = text;
  };
  document.addEventListener("htmx:responseError", (event) => {
    say(event.detail.xhr.getResponseHeader("X-Tongchou-Say") ? decodeURIComponent(event.detail.xhr.getResponseHeader("X-Tongchou-Say")) : document.body.dataset.sayFailed);
  });
  document.addEventListener("htmx:sendError", () => say(document.body.dataset.sayOffline));
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) say(""); });
})();
