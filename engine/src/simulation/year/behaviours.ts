/**
 * What customers do at their stop of a day, in this order. One more kind of behaviour is one more module and one more line: it
 * draws from chances of its own, so that the others go on as they were. Credits and entitlements join here.
 */
import { cancelOrStay } from "./behaviours/cancellations.ts";
import { mendCards, spoilCards } from "./behaviours/cards.ts";
import { askForCorrections, writeOffOld } from "./behaviours/corrections.ts";
import { billExtras } from "./behaviours/extras.ts";
import { payByTransfer } from "./behaviours/invoices-by-mail.ts";
import { pauseOrResume } from "./behaviours/pauses.ts";
import { changePlans } from "./behaviours/plan-changes.ts";
import { changeSeats } from "./behaviours/seat-changes.ts";
import { signUp } from "./behaviours/sign-ups.ts";
import type { Behaviour } from "./visit.ts";

export const BEHAVIOURS: readonly Behaviour[] = [
  signUp,
  mendCards,
  payByTransfer,
  changePlans,
  changeSeats,
  pauseOrResume,
  cancelOrStay,
  spoilCards,
  billExtras,
  askForCorrections,
  writeOffOld,
];
