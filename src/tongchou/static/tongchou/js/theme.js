// Sets the theme before the first paint. The choice is kept in this browser; without one the system decides.
(() => {
  const KEY = "tongchou-theme";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const read = () => {
    try { return localStorage.getItem(KEY) || "auto"; } catch { return "auto"; } // storage may be forbidden: the system decides
  };
  const apply = () => {
    const choice = root.dataset.themeFixed || read();
    root.dataset.bsTheme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
    root.dataset.themeChoice = choice;
    document.dispatchEvent(new CustomEvent("tongchou:theme"));
  };
  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", (event) => { if (event.key === KEY) apply(); });
  window.tongchouTheme = {
    choose(choice) {
      try { localStorage.setItem(KEY, choice); } catch { root.dataset.bsTheme = choice; }
      apply();
    },
  };
})();
