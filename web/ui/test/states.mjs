// Puts the page into each of its states, with the daemon that does not exist.
// Each is {name, go (the screen), role?, workers?, empty?, set(f, page)}.
export const states = [
  { name: "overview", go: "#/overview" }, { name: "tree", go: "#/tree" }, { name: "pools", go: "#/pool" }, { name: "pool", go: "#/pool/thumb" }, { name: "calls", go: "#/calls" },
  { name: "deaths", go: "#/deaths" }, { name: "certificate", go: "#/deaths/3" }, { name: "logs", go: "#/logs" }, { name: "events", go: "#/events" }, { name: "system", go: "#/system" },
  { name: "empty", go: "#/overview", empty: true }, { name: "no-deaths", go: "#/deaths", empty: true },
  { name: "thousand", go: "#/tree", workers: 1000 }, { name: "thousand-rows", go: "#/pool/swarm", workers: 1000 },
  { name: "starting", go: "#/overview", set: async (f) => { f.world.state = "starting"; } },
  { name: "stopping", go: "#/tree", set: async (f) => { f.world.state = "stopping"; } },
  {
    name: "wrong", go: "#/overview", set: async (f) => {
      const [thumb, fetch, exif] = f.world.pools;
      thumb.state = "failed";
      thumb.reason = "5 workers in a row did not start: exec: permission denied";
      fetch.state = "paused";
      exif.poisoned = ["strip"];
      f.world.logFailure = "write /var/log/thumbs.log: no space left on device";
      f.world.restartNeeded = ["log.file", "user"];
    },
  },
  { name: "paused", go: "#/overview", set: async (_, page) => { await page.keyboard.press("p"); } },
  { name: "disconnected", go: "#/pool/thumb", lost: true, set: async (f, page) => { f.reachable = false; f.drop(); await page.getByText("Disconnected").waitFor(); } },
  { name: "upgraded", go: "#/overview", lost: true, set: async (f, page) => { f.world.upgrade(); f.drop(); await page.getByText("The page has followed").waitFor(); } },
  { name: "over", go: "#/overview", lost: true, set: async (f, page) => { f.over = true; f.drop(); await page.getByRole("heading", { name: "The session is over" }).waitFor(); } },
  { name: "question", go: "#/pool/thumb", set: async (_, page) => { await page.getByRole("button", { name: "Scale pool thumb" }).click(); } },
  { name: "typed", go: "#/system", set: async (_, page) => { await page.getByRole("button", { name: "Reload thumbs" }).click(); } },
  { name: "not-allowed", go: "#/pool/thumb", role: "read", set: async (_, page) => { await page.getByRole("button", { name: "Recycle pool thumb" }).click({ force: true }); } },
  {
    name: "refused", go: "#/pool/thumb", set: async (f, page) => {
      f.refuse = "the pool is stopping: it cannot be recycled";
      await page.getByRole("button", { name: "Recycle pool thumb" }).click();
      await page.getByRole("button", { name: "Recycle", exact: true }).click();
      await page.getByRole("alert").getByText("it cannot be recycled").waitFor();
    },
  },
  { name: "help", go: "#/overview", set: async (_, page) => { await page.keyboard.press("?"); } },
  { name: "stack", go: "#/calls", set: async (_, page) => { await page.getByRole("button", { name: /^Stack of pid/ }).first().click(); await page.getByRole("button", { name: "Stack", exact: true }).last().click(); await page.getByText("goroutine 34").first().waitFor(); } },
  { name: "profile", go: "#/pool/thumb", set: async (_, page) => { await page.getByRole("button", { name: "Profile pool thumb" }).click(); await page.getByRole("dialog").getByRole("button", { name: "Profile", exact: true }).click(); await page.getByText("Save cpu.pb.gz").waitFor(); } },
  { name: "run", go: "#/calls", set: async (_, page) => { await page.getByRole("button", { name: "Run resize of pool thumb" }).click(); } },
  { name: "missed", go: "#/logs", set: async (f, page) => { f.world.missed.logs = 12402; await page.getByText("client too slow").waitFor(); } },
  { name: "filtered", go: "#/logs", set: async (_, page) => { await page.keyboard.press("/"); await page.keyboard.type("recycled"); } },
  { name: "brushed", go: "#/overview", set: async (_, page) => { await page.locator("canvas.brush").focus().catch(() => {}); const b = await page.locator("canvas.brush").boundingBox(); await page.mouse.move(b.x + b.width * 0.6, b.y + 30); await page.mouse.down(); await page.mouse.move(b.x + b.width * 0.68, b.y + 40); await page.mouse.up(); } },
  { name: "worker", go: "#/tree", set: async (_, page) => { const b = await page.locator("canvas.map").first().boundingBox(); await page.mouse.click(b.x + 30, b.y + 10); } },
];
