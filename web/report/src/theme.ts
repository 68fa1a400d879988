// Light or dark: what the system says, until the reader says otherwise.
import { h } from "./dom";

const kKey = "gramian-theme";
const kDark = matchMedia("(prefers-color-scheme: dark)");

// A page from disk may be refused its storage.
function stored(): string | null {
  try {
    return localStorage.getItem(kKey);
  } catch {
    return null;
  }
}

function apply(): void {
  document.documentElement.dataset.theme = stored() ?? (kDark.matches ? "dark" : "light");
}

export function followTheme(): void {
  apply();
  kDark.addEventListener("change", apply);
}

export function themeButton(): HTMLElement {
  const turn = () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem(kKey, next);
    } catch {
      // then it holds until the page is closed
    }
  };
  return h(
    "button",
    {
      type: "button",
      class: "theme",
      onclick: turn,
      "aria-label": "Switch between light and dark",
      title: "Light or dark",
    },
    "◐",
  );
}
