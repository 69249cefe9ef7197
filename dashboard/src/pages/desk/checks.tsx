/** What a tenant may do, each answer with the rule behind it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Card, Facts } from "../../parts/card.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { engine } from "../../session/engine.ts";
import { quantityText } from "../../text/quantity.ts";
import { about, type Summary } from "../billing/data.ts";
import { useFeatureName } from "../billing/limits.tsx";

const SOURCES: Record<string, string> = {
  override: "an override of this tenant",
  plan: "the plan",
  default_plan: "the plan of who has none",
  nothing: "nothing that gives it",
};

export function ChecksCard({ tenant, features }: { tenant: string; features: Summary["entitlements"]["features"] }) {
  const [asked, ask] = useState<string | null>(null);
  const nameOf = useFeatureName();
  return (
    <Card flush title="What it may do">
      <Table
        dense
        label="What it may do"
        rows={Object.values(features)}
        keyOf={(check) => check.feature}
        columns={[
          { key: "feature", head: "Feature", cell: (check) => nameOf(check.feature) },
          {
            key: "used",
            head: "Used",
            number: true,
            cell: (check) =>
              check.type !== "metered" || check.used === null
                ? ""
                : `${quantityText(check.used)}${check.limit === null ? "" : ` of ${quantityText(check.limit)}`}`,
          },
          {
            key: "access",
            head: "May",
            cell: (check) => <Badge tone={check.has_access ? "good" : "bad"}>{check.has_access ? "yes" : "no"}</Badge>,
          },
          {
            key: "why",
            head: <span className="sr-only">Why</span>,
            number: true,
            cell: (check) => (
              <Button size="small" look="quiet" aria-label={`Why? ${nameOf(check.feature)}`} onClick={() => ask(check.feature)}>
                Why?
              </Button>
            ),
          },
        ]}
      />
      {asked && <Why tenant={tenant} feature={asked} name={nameOf(asked)} onClose={() => ask(null)} />}
    </Card>
  );
}

function Why({ tenant, feature, name, onClose }: { tenant: string; feature: string; name: string; onClose: () => void }) {
  const why = useQuery({
    queryKey: about(tenant, "why", feature),
    queryFn: ({ signal }) =>
      engine.request("GET", "/v1/tenants/{tenant_id}/entitlements/{feature}/explain", { path: { tenant_id: tenant, feature }, signal }),
  });
  return (
    <Dialog open onClose={onClose} title={name}>
      <Loaded query={why} lines={4}>
        {(found) => (
          <>
            <p className="mb-4">{found.sentence}</p>
            <Facts
              items={[
                ["Comes from", SOURCES[found.source] ?? found.source],
                found.plan !== null && ["Plan", `${found.plan}${found.plan_version === null ? "" : `, version ${found.plan_version}`}`],
                ["Subscription", found.status.replaceAll("_", " ")],
                ["Reason", found.check.reason.replaceAll("_", " ")],
                found.meter !== null && ["Counted by", found.meter],
                found.check.window !== null && ["Window", String(found.check.window).replaceAll("_", " ")],
                found.check.enforcement !== null && ["Limit", `${found.check.enforcement}`],
              ]}
            />
          </>
        )}
      </Loaded>
    </Dialog>
  );
}
