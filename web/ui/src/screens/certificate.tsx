// The certificate of one death: everything that is known of why.
import type { Num } from "../api/json.ts";
import { opened } from "../api/session.ts";
import { allows, type Death } from "../api/wire.ts";
import { Flame } from "../charts/flame.tsx";
import { Empty, Facts, Loading, Section, State, Time } from "../parts/bits.tsx";
import { Act } from "../parts/button.tsx";
import { Copy } from "../parts/copy.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { useAnswer } from "../state/answer.ts";
import { to } from "../state/route.ts";
import { replay } from "../view/actions.ts";
import { bytes, count, duration, exact, percent, plural, when } from "../view/format.ts";
import { command } from "../view/shell.ts";
import { causeTone, causeWord } from "../view/words.ts";
import { Save } from "./save.tsx";
import { Stack } from "../parts/stack.tsx";
import { Timeline } from "./timeline.tsx";

export function Certificate({ number }: { number: string }) {
  const { value: death, why } = useAnswer<Death>("death.get", { number: Number(number) });
  const back = <a href={to("deaths")}>Deaths</a>;
  if (why && !death) return <><p>{back}</p><Empty><span class="failed">{why}</span></Empty></>;
  if (!death) return <Loading what="the certificate" />;
  return <><Headline d={death} back={back} /><Whole d={death} /></>;
}

function Headline({ d, back }: { d: Death; back: preact.ComponentChild }) {
  return (
    <header class="certificate">
      <div class="crumb">
        {back}<span>No. {d.number}</span><span class="quiet"><Time at={d.time} day /></span>
        <span class="aside">{d.argument && <Act action={replay(d)} />}<Save death={d} /></span>
      </div>
      <p class="headline">{sentence(d)}</p>
      <p>
        Worker {d.worker} of pool <a href={to("pool", d.pool)}>{d.pool}</a>, pid {d.pid || "none"}, {d.call?.func ? <>ran <b>{d.call.func}</b> for {duration(d.call.run)}</> : "ran no call"}
        {d.others?.length ? ` and ${plural(d.others.length, "other call")}` : ""}.
      </p>
      <p><State tone={causeTone(d.cause)}>{causeWord(d.cause)}</State> {d.expected && <span class="quiet">ended by Legion</span>} {d.frame && <>at <code>{d.frame}</code></>}</p>
    </header>
  );
}

/** The death in one sentence. */
function sentence(d: Death): string {
  const why = d.why || causeWord(d.cause);
  return why + (/[.!?]$/.test(why) ? "" : ".");
}

// A session that may only look gets a remark in the place of the text.
const seen = (text: string | undefined) => text !== undefined && text !== "" && !text.startsWith("(needs the role");

function Whole({ d }: { d: Death }) {
  const profile = allows(opened()?.role ?? "read", "operate") ? d.blobs?.find((b) => b.name.endsWith(".pb.gz")) : undefined;
  return (
    <>
      <Facts of={[
        ["Died", when(d.time)],
        ["Lived", `${duration(d.age)}, ${plural(d.calls, "call")}`],
        ["Ended by", d.signal || (d.code >= 0 ? `exit code ${d.code}` : "–")],
        ["Most memory", d.memory_limit ? `${bytes(d.max_rss)}, ${percent(d.max_rss, d.memory_limit)} of its limit of ${bytes(d.memory_limit)}` : bytes(d.max_rss)],
        ["CPU", `${duration(d.user)} user, ${duration(d.system)} system`],
        ["Kind", <a href={to("deaths", "", { kind: d.kind })}><code>{d.kind}</code></a>],
        ...(d.call ? [
          ["Call", <>{d.call.func} <span class="quiet">no. {count(d.call.number)}</span></>],
          ["Waited, ran", `${duration(d.call.wait)}, ${duration(d.call.run)}${d.call.timeout ? ` of at most ${exact(d.call.timeout)}` : ""}`],
          ["Argument", `${bytes(d.call.arg)}, ${d.argument ? "kept" : "not kept: " + (d.no_argument || "Pool.KeepArgument is off")}`],
        ] as [string, preact.ComponentChild][] : []),
      ]} />
      {d.timeline && d.timeline.length > 0 && <Section title="What happened" id="timeline"><Timeline moments={d.timeline} /></Section>}
      <Section title="Stack" id="stack">{seen(d.stack) ? <Stack text={d.stack!} /> : <Withheld d={d} />}</Section>
      {profile && <Section title="Where it was in its grace" id="flame"><Grace number={d.number} name={profile.name} /></Section>}
      <Section title="Last lines of its standard error" id="stderr">
        {seen(d.stderr?.[0]) ? <pre class="code last" tabIndex={0}>{d.stderr!.join("\n")}</pre> : <Empty>{d.stderr?.length ? d.stderr.join(" ") : "It printed nothing."}</Empty>}
      </Section>
      {d.others && d.others.length > 0 && <Section title="What else ran in it" id="others"><Others d={d} /></Section>}
      <Section title="By command" id="command"><Copy text={command("death", "show", String(d.number))} /></Section>
    </>
  );
}

const Withheld = ({ d }: { d: Death }) => (d.stack
  ? <Empty>A stack shows memory of the program, so it needs the role operate: <code>{command("dashboard", "--role", "operate")}</code></Empty>
  : <Empty>There is no stack: nothing wrote one before the process was gone.</Empty>
);

/** The profile that was taken between the deadline and the kill. */
function Grace({ number, name }: { number: Num; name: string }) {
  const { value: blob, why } = useAnswer<{ bytes: string }>("death.blob", { number, name });
  return blob ? <Flame data={blob.bytes} /> : why ? <p class="failed">{why}</p> : <Loading what="the profile" />;
}

function Others({ d }: { d: Death }) {
  type Other = NonNullable<Death["others"]>[number];
  const columns: Column<Other>[] = [
    { name: "number", head: "No.", num: true, cell: (c) => c.number }, { name: "func", head: "Function", cell: (c) => <b>{c.func}</b> },
    { name: "wait", head: "Waited", num: true, cell: (c) => duration(c.wait) }, { name: "run", head: "Ran", num: true, cell: (c) => duration(c.run) }, { name: "arg", head: "Argument", num: true, cell: (c) => bytes(c.arg) },
  ];
  return <Table caption="Other calls in the worker" columns={columns} rows={d.others!} keyOf={(c) => String(c.number)} />;
}
