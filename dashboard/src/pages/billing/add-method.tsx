/** Adds a payment method. In the sandbox one of its test cards, each named for what it does; else through the gateway. */
import { useState } from "react";
import { Confirm } from "../../parts/dialog.tsx";
import { Choices, TextField } from "../../parts/field.tsx";
import { Note } from "../../parts/states.tsx";
import { engine } from "../../session/engine.ts";
import { type Billing, refresh } from "./data.ts";

const CARDS = [
  ["4242424242424242", "Visa that pays", "4242 4242 4242 4242"],
  ["5555555555554444", "Mastercard that pays", "5555 5555 5555 4444"],
  ["378282246310005", "American Express that pays", "3782 822463 10005"],
  ["4000000000000002", "Declined", "4000 0000 0000 0002"],
  ["4000000000009995", "Has not enough money", "4000 0000 0000 9995"],
  ["4000002500003155", "Has to be confirmed", "4000 0025 0000 3155"],
  ["other", "Another number", "As the guide of the sandbox lists them"],
] as const;

export function AddMethod({ billing: { tenant, sandbox }, onClose }: { billing: Billing; onClose: () => void }) {
  const [card, setCard] = useState<(typeof CARDS)[number][0]>(CARDS[0][0]);
  const [number, setNumber] = useState("");
  const given = card === "other" ? number.replaceAll(" ", "") : card;
  return (
    <Confirm
      open
      onClose={onClose}
      title="Add a payment method"
      deed="Add it"
      done="The payment method was added."
      disabled={sandbox && given === ""}
      act={async () => {
        const intent = await engine.payments.setupIntent(tenant, sandbox ? { card: given } : {});
        await refresh(tenant);
        if (intent.payment_method === null && !sandbox)
          throw new Error(
            "The gateway wants this done on a page of its own. Choose a plan or a pack of credits, whose payment page takes a new method.",
          );
      }}
    >
      {sandbox ? (
        <div className="space-y-4">
          <Note tone="info">This is a sandbox: no money moves. Choose what the card does.</Note>
          <Choices label="Test card" value={card} onChange={setCard} options={CARDS} />
          {card === "other" && (
            <TextField
              label="Number"
              inputMode="numeric"
              autoComplete="off"
              value={number}
              onChange={(event) => setNumber(event.target.value)}
            />
          )}
        </div>
      ) : (
        <p className="text-small">Your payment method is taken by the payment gateway; its number never comes here.</p>
      )}
    </Confirm>
  );
}
