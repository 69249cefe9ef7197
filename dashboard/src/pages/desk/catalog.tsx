/** What is sold, who is on it, and a new catalog: what it would change, for how many, before it is applied. */
import type { Answer, Body } from "@billwright/client";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card, PageHead } from "../../parts/card.tsx";
import { Empty, Failure, Loaded, Note } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { complain, say } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { moneyText } from "../../text/money.ts";
import { ask, type Plan } from "../billing/data.ts";
import { figures } from "./data.ts";

type Change = Answer<"PUT", "/v1/catalog">["changes"][number];
type OfPlan = Answer<"GET", "/v1/analytics/subscriptions">["by_plan"][number];

const TONES: Record<string, Tone> = { create: "good", update: "info", archive: "bad", none: "plain" };

export function CatalogPage() {
  const plans = useQuery(ask.plans());
  const subscriptions = useQuery(figures.subscriptions());
  const byPlan = subscriptions.data?.by_plan ?? [];
  return (
    <>
      <PageHead title="Catalog" about="What is sold. A plan whose terms change gets a new version; who bought the old one stays on it." />
      <div className="space-y-5">
        <Card flush title="Plans" about="And who is on them now">
          <Loaded query={plans} lines={5}>
            {(all) =>
              all.length === 0 ? (
                <Empty title="Nothing is sold yet">Paste a catalog below, or push one by the command line.</Empty>
              ) : (
                <PlanTable plans={all} byPlan={byPlan} />
              )
            }
          </Loaded>
        </Card>
        <NewCatalog byPlan={byPlan} />
      </div>
    </>
  );
}

function PlanTable({ plans, byPlan }: { plans: readonly Plan[]; byPlan: readonly OfPlan[] }) {
  return (
    <Table
      dense
      label="Plans"
      rows={plans}
      keyOf={(plan) => plan.key}
      columns={[
        {
          key: "name",
          head: "Plan",
          cell: (plan) => (
            <>
              <span className="font-semibold">{plan.name}</span> <code className="font-mono text-tiny text-ink-soft">{plan.key}</code>
            </>
          ),
        },
        { key: "version", head: "Version", number: true, cell: (plan) => plan.version },
        {
          key: "interval",
          head: "By the",
          cell: (plan) => ((plan.interval_count ?? 1) > 1 ? `${plan.interval_count} ${plan.interval}s` : plan.interval),
        },
        { key: "prices", head: "Prices", wideOnly: true, cell: (plan) => (plan.prices ?? []).map((price) => price.key).join(", ") },
        { key: "live", head: "Subscribers", number: true, cell: (plan) => liveOn(byPlan, plan.key) },
        {
          key: "mrr",
          head: "Recurring a month",
          number: true,
          cell: (plan) => recurringOf(byPlan, plan.key),
        },
      ]}
    />
  );
}

function liveOn(byPlan: readonly OfPlan[], key: string): number {
  return byPlan
    .filter(({ plan, status }) => plan === key && !["canceled", "expired"].includes(status))
    .reduce((sum, { subscriptions }) => sum + subscriptions, 0);
}

/** Each currency by itself: `$1,427.00 + €634.00`. */
function recurringOf(byPlan: readonly OfPlan[], key: string): string {
  const sums = new Map<string, bigint>();
  for (const { plan, currency, mrr } of byPlan)
    if (plan === key && BigInt(mrr) > 0n) sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(mrr));
  return [...sums].map(([currency, sum]) => moneyText(sum, currency)).join(" + ") || "–";
}

function NewCatalog({ byPlan }: { byPlan: readonly OfPlan[] }) {
  const cache = useQueryClient();
  const [text, setText] = useState("");
  const [changes, setChanges] = useState<readonly Change[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const load = async () => {
    setText(JSON.stringify(await engine.catalog.get(), null, 2));
    setChanges(null);
  };
  const push = async (dryRun: boolean) => {
    setBusy(true);
    setError(null);
    try {
      const document = JSON.parse(text) as Body<"PUT", "/v1/catalog">;
      const answer = await engine.catalog.push(document, { dryRun });
      if (dryRun) setChanges(answer.changes.filter(({ action }) => action !== "none"));
      else {
        setChanges(null);
        setText("");
        say("The catalog is what you said.");
        await cache.invalidateQueries();
      }
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card
      title="Change it"
      about="As one document, in JSON. First see what it would change; then apply it."
      actions={
        <Button size="small" onClick={() => void load().catch(complain)}>
          Begin with what is there
        </Button>
      }
    >
      <label htmlFor="catalog" className="sr-only">
        The new catalog
      </label>
      <textarea
        id="catalog"
        spellCheck={false}
        rows={text === "" ? 4 : 18}
        value={text}
        placeholder='{ "meters": […], "features": […], "plans": […] }'
        onChange={(event) => {
          setText(event.target.value);
          setChanges(null);
        }}
        className="w-full rounded-control border border-line-strong bg-surface p-3 font-mono text-small shadow-low"
      />
      <div className="mt-3 flex flex-wrap justify-end gap-2">
        <Button busy={busy} disabled={text.trim() === ""} onClick={() => void push(true)}>
          What would change?
        </Button>
        <Button look="primary" busy={busy} disabled={changes === null || changes.length === 0} onClick={() => void push(false)}>
          Apply it
        </Button>
      </div>
      {error !== null && (
        <div className="mt-4">
          <Failure error={error} title="This is no catalog yet" />
        </div>
      )}
      {changes !== null && <Changes changes={changes} byPlan={byPlan} />}
    </Card>
  );
}

function Changes({ changes, byPlan }: { changes: readonly Change[]; byPlan: readonly OfPlan[] }) {
  if (changes.length === 0)
    return (
      <div className="mt-4">
        <Note tone="good">That is what is there already.</Note>
      </div>
    );
  return (
    <div className="-mx-5 mt-4 sm:-mx-6">
      <Table
        dense
        label="What would change"
        rows={changes}
        keyOf={(row) => `${row.kind} ${row.key}`}
        columns={[
          { key: "action", head: "Change", cell: (row) => <Badge tone={TONES[row.action] ?? "plain"}>{row.action}</Badge> },
          { key: "kind", head: "Of", cell: (row) => row.kind.replaceAll("_", " ") },
          { key: "key", head: "Key", cell: (row) => <code className="font-mono text-tiny">{row.key}</code> },
          { key: "fields", head: "Fields", wideOnly: true, cell: (row) => row.fields.join(", ") },
          { key: "effect", head: "For whom", cell: (row) => effectOf(row, liveOn(byPlan, row.key)) },
        ]}
      />
    </div>
  );
}

function effectOf({ kind, action, version }: Change, live: number): string {
  if (kind !== "plan") return "from now on, for everybody who uses it";
  if (action === "create") return "whoever subscribes from now on";
  const stay = live === 0 ? "nobody is on it" : `${live} who ${live === 1 ? "is" : "are"} on it stay${live === 1 ? "s" : ""} as bought`;
  if (action === "archive") return `no longer sold; ${stay}`;
  return version === undefined ? stay : `version ${version} for who comes; ${stay}`;
}
