// Light, dark, or as the system has it.

const KEY = "droptrain-theme";
const THEMES = ["auto", "light", "dark"];

export function theme() {
  const kept = localStorage.getItem(KEY);
  return THEMES.includes(kept) ? kept : "auto";
}

export function chooseTheme(name) {
  localStorage.setItem(KEY, name);
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  dispatchEvent(new Event("droptrain-theme"));
}
