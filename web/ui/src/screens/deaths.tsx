// Screen 5: kinds of death, deaths, and one certificate.
import { Empty, Loading, Section } from "../parts/bits.tsx";
import { Filter } from "../parts/filter.tsx";
import { useTopics } from "../state/live.ts";
import { route, to } from "../state/route.ts";
import { topics } from "../state/store.ts";
import { plural } from "../view/format.ts";
import { causeWord, keptWord } from "../view/words.ts";
import { Certificate } from "./certificate.tsx";
import { DeathRows } from "./deathrows.tsx";
import { KindRows } from "./kindrows.tsx";

export function Deaths() {
  useTopics(["kinds", "deaths"]);
  const { arg, query } = route.value;
  if (arg) return <Certificate key={arg} number={arg} />;
  if (!topics.kinds.loaded() || !topics.deaths.loaded()) return <Loading what="the deaths" />;
  const kinds = topics.kinds.list(), deaths = topics.deaths.list();
  if (!kinds.length && !deaths.length) {
    return <Empty>No worker has died. Each death gets a certificate here: its cause, its call, its stack, its last lines. Workers that leave as planned get none.</Empty>;
  }
  const all = kinds.reduce((n, k) => n + Number(k.count), 0);
  const wanted = query.get("kind"), kind = wanted === null ? undefined : topics.kinds.all.get(wanted);
  const shown = wanted === null ? deaths : deaths.filter((d) => d.kind === wanted);
  return (
    <>
      <div class="tool-row"><Filter what="deaths" /><span>{plural(kinds.length, "kind")} of death, <b>{plural(all, "death")}</b> since the daemon began</span></div>
      <Section title="Kinds" id="kinds"><KindRows kinds={kinds} /></Section>
      <Section id="all" title={kind?.kind ? `${capital(causeWord(kind.cause))} at ${kind.frame || "an unknown place"}` : wanted === null ? "Certificates" : "Certificates of this kind"}
        aside={wanted !== null ? <a href={to("deaths")}>All kinds</a> : <span class="quiet">{keptWord(deaths.length)}</span>}>
        <DeathRows deaths={shown} none={wanted === null ? "No certificate is kept." : "No certificate of this kind is kept any more."} />
      </Section>
    </>
  );
}

const capital = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);
