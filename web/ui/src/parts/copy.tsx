// A command with a button that copies it.
import { useEffect, useRef, useState } from "preact/hooks";

export function Copy({ text, label = "Copy as command" }: { text: string; label?: string }) {
  const [state, setState] = useState<"" | "copied" | "selected">("");
  const code = useRef<HTMLElement>(null);
  useEffect(() => setState(""), [text]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch { // over plain HTTP there is no clipboard: Ctrl-C does it
      if (!code.current) return; // it left the page meanwhile
      getSelection()?.selectAllChildren(code.current);
      setState("selected");
    }
  };
  return (
    <div class="copy">
      <code ref={code}>{text}</code>
      <button type="button" onClick={copy}>{state === "copied" ? "Copied" : state === "selected" ? "Press Ctrl-C" : label}</button>
    </div>
  );
}
