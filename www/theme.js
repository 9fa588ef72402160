// Sets the stored theme before the first paint; main.js does the rest. Not a module: modules run after the page was painted.
{
  try {
    const theme = localStorage.getItem('superposition-theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // A page in a frame may be kept from its storage; it then follows the system.
  }
}
