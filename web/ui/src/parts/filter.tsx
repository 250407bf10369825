// The filter of a screen.
import { filter } from "../state/route.ts";

export function Filter({ what }: { what: string }) {
  return (
    <label class="filter">
      <span class="unseen">Filter {what}</span>
      <input id="filter" type="search" placeholder={`Filter ${what}`} value={filter.value} spellcheck={false} autocomplete="off"
        onInput={(e) => { filter.value = e.currentTarget.value; }} />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}
