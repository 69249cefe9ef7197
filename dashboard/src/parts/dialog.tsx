/** Dialogs: keyboard and screen reader are Base UI's, the looks ours. `Confirm` is one that asks before something is done. */
import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";
import { classes } from "./classes.ts";
import { complain, say } from "./toast.tsx";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  about?: ReactNode;
  /** Buttons, the one that does it last. */
  actions?: ReactNode;
  wide?: boolean;
  children?: ReactNode;
}

export function Dialog({ open, onClose, title, about, actions, wide = false, children }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-[rgb(20_18_12/0.45)] transition-opacity duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-40 grid items-end justify-items-center overflow-y-auto p-0 sm:items-center sm:p-6">
          <Base.Popup
            className={classes(
              "flex max-h-[92dvh] w-full flex-col rounded-t-card border border-line bg-raised shadow-high outline-none transition duration-150 sm:rounded-card",
              "data-[ending-style]:translate-y-2 data-[ending-style]:opacity-0 data-[starting-style]:translate-y-2 data-[starting-style]:opacity-0",
              wide ? "sm:max-w-2xl" : "sm:max-w-md",
            )}
          >
            <div className="flex items-start justify-between gap-4 px-5 pt-5 sm:px-6">
              <div className="min-w-0">
                <Base.Title className="text-title font-semibold">{title}</Base.Title>
                {about && <Base.Description className="mt-1 text-small text-ink-soft">{about}</Base.Description>}
              </div>
              <Base.Close aria-label="Close" className="-mt-1 -mr-1.5 rounded-control p-1.5 text-ink-faint hover:bg-sunken hover:text-ink">
                <X aria-hidden className="size-4.5" />
              </Base.Close>
            </div>
            <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4 sm:px-6">{children}</div>
            {actions && <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3.5 sm:px-6">{actions}</div>}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}

interface ConfirmProps extends Omit<DialogProps, "actions"> {
  /** What the button says: the deed, not "OK". */
  deed: string;
  danger?: boolean;
  disabled?: boolean;
  act: () => Promise<unknown>;
  /** Said when it is done. */
  done: string;
}

/** Closes when it is done; what the engine refuses is said, and the dialog stays. */
export function Confirm({ deed, danger = false, disabled = false, act, done, onClose, ...dialog }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    try {
      await act();
      say(done);
      onClose();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      {...dialog}
      onClose={onClose}
      actions={
        <>
          <Button look="quiet" onClick={onClose}>
            Not now
          </Button>
          <Button look={danger ? "danger" : "primary"} busy={busy} disabled={disabled} onClick={() => void press()}>
            {deed}
          </Button>
        </>
      }
    />
  );
}
