// The little of a browser that the modules touch when they are loaded.
const g = globalThis as Record<string, unknown>;
g["location"] = { pathname: "/a/b/", search: "", hash: "" };
g["history"] = { replaceState: (_: unknown, __: unknown, address: string) => { g["replaced"] = address; } };
const storage = () => {
  const kept = new Map<string, string>();
  return { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k) };
};
g["sessionStorage"] = storage();
g["localStorage"] = storage();
g["document"] = { hidden: false };
