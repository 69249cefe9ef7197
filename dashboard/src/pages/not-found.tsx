import { Compass } from "lucide-react";
import { ButtonLink } from "../parts/button.tsx";
import { Empty } from "../parts/states.tsx";

export function NotFound() {
  return (
    <main className="mx-auto max-w-xl px-4 py-20">
      <h1 className="sr-only">Nothing is here</h1>
      <Empty
        icon={<Compass aria-hidden className="size-5" />}
        title="Nothing is here"
        action={
          <ButtonLink to="/" look="primary">
            To the start
          </ButtonLink>
        }
      >
        This address leads to no page. It may have been one that is gone.
      </Empty>
    </main>
  );
}
