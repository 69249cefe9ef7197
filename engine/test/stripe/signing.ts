/** Signs as Stripe does, independently of what verifies: node:crypto and the documented scheme. */
import { createHmac } from "node:crypto";

export const WEBHOOK_SECRET = "whsec_the_one_in_force";
export const SECRET_BEFORE = "whsec_the_one_before";

export const v1 = (body: string | Buffer, seconds: number, secret = WEBHOOK_SECRET) =>
  createHmac("sha256", secret)
    .update(Buffer.concat([Buffer.from(`${seconds}.`), Buffer.from(body)]))
    .digest("hex");

export const signature = (body: string | Buffer, seconds: number, secret = WEBHOOK_SECRET) =>
  `t=${seconds},v1=${v1(body, seconds, secret)}`;
