/** Buttons, and links that look like them. One on a screen is `primary`: what most people came for. */
import { Link, type LinkProps } from "@tanstack/react-router";
import { LoaderCircle } from "lucide-react";
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { classes } from "./classes.ts";

export type ButtonLook = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<ButtonLook, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong shadow-low",
  plain: "bg-surface text-ink border border-line-strong hover:bg-sunken shadow-low",
  quiet: "text-ink-soft hover:bg-sunken hover:text-ink",
  danger: "bg-surface text-bad border border-line-strong hover:bg-bad-soft hover:border-bad",
};
const SIZES = { small: "h-8 px-3 text-small gap-1.5", middle: "h-10 px-4 text-body gap-2" };

export function buttonClass(look: ButtonLook = "plain", size: keyof typeof SIZES = "middle"): string {
  return classes(
    "inline-flex shrink-0 items-center justify-center whitespace-nowrap rounded-control font-semibold transition-colors select-none",
    "disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:opacity-55",
    LOOKS[look],
    SIZES[size],
  );
}

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook;
  size?: keyof typeof SIZES;
  /** Something is under way: it says so, and cannot be pressed twice. */
  busy?: boolean;
  icon?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look, size, busy = false, icon, className, children, disabled, ...rest }: Props) {
  return (
    <button type="button" className={classes(buttonClass(look, size), className)} disabled={disabled || busy} aria-busy={busy} {...rest}>
      {busy ? <LoaderCircle aria-hidden className="size-4 animate-turn" /> : icon}
      {children}
    </button>
  );
}

export function ButtonLink({
  look,
  size,
  icon,
  children,
  className,
  ...rest
}: LinkProps & { look?: ButtonLook; size?: keyof typeof SIZES; icon?: ReactNode; children?: ReactNode; className?: string }) {
  return (
    <Link className={classes(buttonClass(look, size), className)} {...rest}>
      {icon}
      {children}
    </Link>
  );
}
