// Files that the browser keeps: data is base64.
export interface File { name: string; data: string }

export function save(file: File): void {
  const raw = atob(file.data);
  const url = URL.createObjectURL(new Blob([Uint8Array.from(raw, (c) => c.charCodeAt(0))]));
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(url);
}
