// The form of a comparison: dates beside day numbers, and the city's fields follow the area that is chosen.
(() => {
  const dated = (input) => {
    let note = input.nextElementSibling;
    if (!note || !note.classList.contains("day-date")) {
      note = document.createElement("span");
      note.className = "day-date";
      input.after(note);
    }
    const start = document.getElementById("id_starts_on");
    const first = start ? Date.parse(`${start.value}T00:00:00Z`) : NaN;
    const day = /^\d{1,4}$/.test(input.value.trim()) ? Number(input.value) : NaN;
    note.textContent = Number.isNaN(first + day) ? "" : new Date(first + day * 86400000).toISOString().slice(0, 10);
  };
  const every = () => { for (const input of document.querySelectorAll("input[data-day]")) dated(input); };

  // Which measures stand open is kept across an exchange of the form: they are told by side and place.
  let open = [];
  const place = (details) => { const row = details.querySelector("input[type=hidden]"); return row ? row.name : `${details.closest("section").id} ${details.className}`; };
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id === "plan") open = [...event.target.querySelectorAll("details[open]")].map(place);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const details of document.querySelectorAll("#plan details")) if (open.includes(place(details))) details.open = true;
    every();
    const problems = document.getElementById("problems");
    if (problems) problems.scrollIntoView({ block: "center" });
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("input[data-day]")) dated(event.target);
    if (event.target.id === "id_starts_on") every();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-refresh]")) return;
    const form = event.target.form;
    form.requestSubmit(form.querySelector("button[value=refresh]"));
  });
  document.addEventListener("DOMContentLoaded", every);
})();
