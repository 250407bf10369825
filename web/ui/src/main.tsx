import "./css/app.css";
import { render } from "preact";
import { openSession, session } from "./api/session.ts";
import { Frame } from "./parts/frame.tsx";
import { Calls } from "./screens/calls.tsx";
import { Deaths } from "./screens/deaths.tsx";
import { Events } from "./screens/events.tsx";
import { Logs } from "./screens/logs.tsx";
import { Over } from "./screens/over.tsx";
import { Overview } from "./screens/overview.tsx";
import { PoolScreen } from "./screens/pool.tsx";
import { System } from "./screens/system.tsx";
import { Tree } from "./screens/tree.tsx";
import { startClock } from "./state/clock.ts";
import { listenToKeys } from "./state/keys.ts";
import { live } from "./state/live.ts";
import { keepPreferences } from "./state/prefs.ts";
import { followRoute, route, type Screen } from "./state/route.ts";

const shown: Record<Screen, () => preact.JSX.Element> = {
  overview: Overview, tree: Tree, pool: PoolScreen, calls: Calls, deaths: Deaths, logs: Logs, events: Events, system: System,
};

function App() {
  if (session.value.is !== "open") return <Over />;
  const Now = shown[route.value.screen];
  return <Frame><Now key={route.value.screen} /></Frame>;
}

keepPreferences();
void openSession(); // takes the token from the address at once, before anything else reads that
followRoute();
startClock();
listenToKeys();
live();
render(<App />, document.getElementById("app")!);
