/** Fields of forms: each with its label, and what is wrong with it said beside it. */
import { Minus, Plus } from "lucide-react";
import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from "react";
import { classes } from "./classes.ts";

const CONTROL =
  "w-full rounded-control border border-line-strong bg-surface px-3 text-ink shadow-low placeholder:text-ink-faint focus-visible:outline-offset-0 disabled:opacity-55";

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | null;
}

export function TextField({ label, hint, error, className, ...rest }: FieldProps & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const about = `${id}-about`;
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block text-small font-semibold">
        {label}
      </label>
      <input
        id={id}
        aria-invalid={Boolean(error)}
        aria-describedby={hint || error ? about : undefined}
        className={classes(CONTROL, "h-10", error && "border-bad")}
        {...rest}
      />
      {(error || hint) && (
        <p id={about} className={classes("mt-1 text-tiny", error ? "text-bad" : "text-ink-soft")}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

export function SelectField({
  label,
  options,
  className,
  small = false,
  hideLabel = false,
  ...rest
}: {
  label: string;
  options: readonly (readonly [value: string, words: string])[];
  small?: boolean;
  hideLabel?: boolean;
} & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <div className={className}>
      <label htmlFor={id} className={hideLabel ? "sr-only" : "mb-1 block text-small font-semibold"}>
        {label}
      </label>
      <select id={id} className={classes(CONTROL, small ? "h-8 w-auto pr-8 text-small" : "h-10")} {...rest}>
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A whole number, one up or down at a time. */
export function Stepper({
  label,
  value,
  min,
  max,
  onChange,
}: {
  label: string;
  value: number;
  min: number;
  max: number;
  onChange: (value: number) => void;
}) {
  const id = useId();
  const step = (by: number) => onChange(Math.min(max, Math.max(min, value + by)));
  const button = "grid size-10 place-items-center text-ink-soft hover:bg-sunken hover:text-ink disabled:opacity-40";
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-small font-semibold">
        {label}
      </label>
      <div className="inline-flex overflow-hidden rounded-control border border-line-strong bg-surface shadow-low">
        <button type="button" aria-label="One less" className={button} disabled={value <= min} onClick={() => step(-1)}>
          <Minus aria-hidden className="size-4" />
        </button>
        <input
          id={id}
          inputMode="numeric"
          className="figures w-14 border-x border-line-strong bg-surface text-center focus-visible:outline-offset-[-2px]"
          value={value}
          onChange={(event) => {
            const next = Number(event.target.value.replaceAll(/\D/g, ""));
            onChange(Math.min(max, Math.max(min, next)));
          }}
        />
        <button type="button" aria-label="One more" className={button} disabled={value >= max} onClick={() => step(1)}>
          <Plus aria-hidden className="size-4" />
        </button>
      </div>
    </div>
  );
}

/** One of a few, all in sight. */
export function Choices<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly (readonly [value: T, words: ReactNode, about?: ReactNode])[];
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className="space-y-2">
      <legend className="mb-1 text-small font-semibold">{label}</legend>
      {options.map(([one, words, about]) => (
        <label
          key={one}
          className="flex cursor-pointer items-start gap-3 rounded-control border border-line px-3.5 py-2.5 hover:border-line-strong has-checked:border-accent has-checked:bg-accent-soft"
        >
          <input
            type="radio"
            name={name}
            value={one}
            checked={one === value}
            onChange={() => onChange(one)}
            className="mt-1 size-4 accent-[var(--accent)]"
          />
          <span className="min-w-0 text-small">
            <span className="font-semibold">{words}</span>
            {about && <span className="block text-ink-soft">{about}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
