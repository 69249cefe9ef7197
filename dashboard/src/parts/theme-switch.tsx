import { Monitor, Moon, Sun } from "lucide-react";
import { chooseTheme, type Theme, useTheme } from "../session/theme.ts";

const NEXT: Record<Theme, [Theme, string]> = {
  system: ["light", "Theme: as the system"],
  light: ["dark", "Theme: light"],
  dark: ["system", "Theme: dark"],
};
const ICONS = { system: Monitor, light: Sun, dark: Moon };

export function ThemeSwitch() {
  const theme = useTheme();
  const [next, words] = NEXT[theme];
  const Icon = ICONS[theme];
  return (
    <button
      type="button"
      aria-label={`${words}. Change`}
      title={words}
      className="grid size-9 place-items-center rounded-control text-ink-soft hover:bg-sunken hover:text-ink"
      onClick={() => chooseTheme(next)}
    >
      <Icon aria-hidden className="size-4.5" />
    </button>
  );
}
