/**
 * The errand that asks a tax engine outside, and stores what it answers; between the write that lacked an answer and the same write begun
 * anew. Of whom it has no answer the invoices wait: that is written down and said once, and it is asked again later.
 */
import { ENGINE } from "../../auth/principal.ts";
import { commit } from "../../commit.ts";
import type { Context } from "../../context.ts";
import { onPlatform } from "../../db/pool.ts";
import { Refusal, wordsOf } from "../../errors.ts";
import { type OutsideTaxEngine, TaxRefused } from "./tax-engine.ts";
import { answerOf, type InvoiceAnswer, type InvoiceQuestion } from "./tax-question.ts";
import { endWaits, insertAnswers, putWait, readWaits, type WaitRow } from "./tax-store.ts";

/** Calls at once. */
const LANES = 10;
const FIRST_WAIT_MS = 30_000;
const LONGEST_SILENCE_MS = 600_000;
const LONGEST_REFUSAL_MS = 6 * 3_600_000;

/** Throws where nothing new came of it, so that nobody goes round in a circle. */
export async function askTaxes(ctx: Context, questions: readonly InvoiceQuestion[]): Promise<void> {
  const { taxes: engine } = ctx;
  if (engine.kind !== "outside") throw new Error("The tax engine is not outside.");
  const waits = await readWaits(ctx.pool, [...new Set(questions.map((one) => one.tenantId))]);
  const begun = ctx.clock.now();
  const isWaiting = (question: InvoiceQuestion) => {
    const wait = waits.get(question.tenantId);
    return wait?.question === question.hash && wait.next_at > begun;
  };
  const open = questions.filter((question) => !isWaiting(question));
  const first = questions[0];
  if (open.length === 0 && first) throw refusalOf(waits.get(first.tenantId)!);
  const answered: { question: InvoiceQuestion; answer: InvoiceAnswer }[] = [];
  const failed: { question: InvoiceQuestion; error: unknown }[] = [];
  const left = [...open];
  const lane = async () => {
    for (let question = left.shift(); question; question = left.shift()) {
      try {
        answered.push({ question, answer: await ask(engine, question) });
      } catch (error) {
        failed.push({ question, error });
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const now = ctx.clock.now();
  await insertAnswers(ctx.pool, engine.name, answered, now);
  await endWaits(
    onPlatform(ctx.pool),
    answered.map(({ question }) => question.tenantId),
  );
  for (const { question, error } of failed) await wait(ctx, engine, question, error, waits.get(question.tenantId));
}

async function ask(engine: OutsideTaxEngine, question: InvoiceQuestion): Promise<InvoiceAnswer> {
  const sells = question.sells && (await engine.calculate(question.sells));
  const returns = question.returns && (await engine.calculate(question.returns));
  return answerOf(question, sells, returns);
}

async function wait(
  ctx: Context,
  engine: OutsideTaxEngine,
  question: InvoiceQuestion,
  error: unknown,
  before: WaitRow | undefined,
): Promise<void> {
  const refused = error instanceof TaxRefused;
  const reason = wordsOf(error);
  const attempts = before?.question === question.hash ? before.attempts + 1 : 1;
  const now = ctx.clock.now();
  const pause = Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 12), refused ? LONGEST_REFUSAL_MS : LONGEST_SILENCE_MS);
  const { tenantId } = question;
  ctx.log.warn({ err: error, tenant: tenantId, engine: engine.name }, "invoices wait for the tax engine");
  const row = { tenant_id: tenantId, engine: engine.name, question: question.hash, refused, reason, attempts, since: now };
  await commit(ctx, { principal: ENGINE, tenantId }, async (tx) => {
    if (!(await putWait(tx, { ...row, next_at: now + pause }))) return;
    tx.emit({
      type: "tax.delayed",
      tenantId,
      subject: null,
      summary: `An invoice waits, because its taxes are not known: ${reason}`,
      data: { engine: engine.name, refused, reason },
    });
  });
}

function refusalOf({ engine, refused, reason }: WaitRow): Refusal {
  if (refused) {
    const faults = [{ path: "tenant", message: `cannot be taxed by ${engine}, as its address and tax id are: ${reason}` }];
    return new Refusal("tax_refused", `The taxes are not known, so nothing was made: ${reason}`, { faults, extra: { tax_engine: engine } });
  }
  return new Refusal("tax_unavailable", `The taxes are not known, so nothing was made: ${reason}`, { extra: { tax_engine: engine } });
}
