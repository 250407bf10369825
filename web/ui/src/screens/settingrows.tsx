// Settings, each with where it comes from.
import type { Setting } from "../api/wire.ts";
import { Table, type Column } from "../parts/table.tsx";

/** prefix is what all names begin with, and is left out. */
export function SettingRows({ settings, prefix = "" }: { settings: Setting[]; prefix?: string }) {
  const columns: Column<Setting>[] = [
    { name: "key", head: "Setting", by: (s) => s.key, cell: (s) => <b>{s.key.slice(prefix.length)}</b> },
    { name: "value", head: "Value", by: (s) => s.value, cell: (s) => <code>{s.value}</code> },
    { name: "source", head: "From", by: (s) => s.source, cell: (s) => <span class="quiet">{s.source}</span> },
  ];
  return <Table caption="Settings" columns={columns} rows={settings} keyOf={(s) => s.key} />;
}
