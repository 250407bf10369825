// Buttons that act on the daemon. One whose role is too small stays to be
// seen: it then tells what would allow it.
import { allowed, ask } from "../state/ask.ts";
import type { Action } from "../view/actions.ts";

export function Act({ action, small = false }: { action: Action; small?: boolean }) {
  const may = allowed(action);
  // What one sees is what one says to a machine that listens.
  const name = action.title.startsWith(action.label + " ") ? action.title : `${action.label}: ${action.title}`;
  return (
    <button type="button" class={`act${action.danger ? " danger" : ""}${small ? " small" : ""}`} aria-disabled={!may}
      aria-label={name} title={may ? action.title : `${action.title}: needs the role ${action.role}`}
      onClick={(e) => { e.stopPropagation(); ask(action); }}>
      {action.label}
    </button>
  );
}
