// Before the first paint, so that nothing flashes: what was chosen, else what the system says.
(() => {
  try {
    const chosen = localStorage.getItem('scaibunker.theme');
    if (chosen === 'light' || chosen === 'dark') {
      document.documentElement.dataset.theme = chosen;
    }
  } catch {
    // Storage may be forbidden; then the system decides.
  }
})();
