/** The port to whatever carries invoices, and word of them, to people. */

export type Channel = "email" | "whatsapp";

export interface Notice {
  /** The same for each try of one sending, so that a carrier can tell a repetition. */
  key: string;
  /** A mail address, or a telephone number in international form. */
  to: string;
  subject: string;
  text: string;
  /** Absent: word without paper, which only mail carries. */
  file?: { name: string; content: Buffer /** Where anybody who has the link finds it. */; url: string };
}

export interface Notifier {
  /** Throws where the carrier did not take it: it is tried again. */
  send(notice: Notice): Promise<void>;
}

/** null: not configured. */
export type Notifiers = Readonly<Record<Channel, Notifier | null>>;
