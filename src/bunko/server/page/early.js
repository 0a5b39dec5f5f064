// Runs before the first paint, as a classic script: the chosen colours and language, so that nothing flashes.
(() => {
  try {
    const kept = JSON.parse(localStorage.getItem("bunko.preferences") ?? "{}");
    if (kept.theme === "light" || kept.theme === "dark") document.documentElement.dataset.theme = kept.theme;
    const asked = kept.language || (navigator.languages ?? [navigator.language]).find((code) => /^(en|ja)\b/i.test(code ?? ""));
    document.documentElement.lang = /^ja/i.test(asked ?? "") ? "ja" : "en";
  } catch {
    // Storage may be forbidden; the page then follows the system.
  }
})();
