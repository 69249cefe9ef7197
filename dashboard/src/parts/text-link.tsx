/** The way on, at the end of a card's title. */
import { Link, type LinkProps } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import type { ReactNode } from "react";

export function TextLink({ children, ...rest }: LinkProps & { children: ReactNode }) {
  return (
    <Link
      className="group inline-flex items-center gap-1 py-0.5 text-small font-semibold text-accent hover:underline"
      {...(rest as LinkProps)}
    >
      {children}
      <ArrowRight aria-hidden className="size-3.5 transition-transform group-hover:translate-x-0.5" />
    </Link>
  );
}
