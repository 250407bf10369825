package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What is proposed at each place of a command line, by the program itself.
func TestCandidates(t *testing.T) {
	f := newFake(t, answers)
	for line, want := range map[string]string{
		"sta":                            "stats status",
		"pool s":                         "scale status stop",
		"pool scale thumbs re":           "resize",
		"status t":                       "thumbs tiles",
		"worker kill thumbs ":            "4712",
		"worker pause thumbs ":           "4712 resize vacuum",
		"logs thumbs --le":               "--level",
		"logs thumbs --level w":          "warn",
		"logs --level=e":                 "--level=error",
		"task run thumbs ":               "vacuum",
		"task cancel thumbs ":            "1 2",
		"death show thumbs ":             "16 17",
		"death ls thumbs --kind ":        "00112233 1f2e3d4c",
		"call thumbs ":                   "resize vacuum",
		"rpc help thumbs pool":           "pool.scale",
		"completion ":                    "bash fish zsh",
		"events -f thumbs Started Worke": "WorkerExited",
		"worker pause --pool re":         "", // no daemon is named yet
		"no such ":                       "",
		"pool ls thumbs extra ":          "",
	} {
		words := strings.Split(line, " ")
		code, out, errs := f.run(0, false, append([]string{"__complete", "fish"}, words...)...)
		var got []string
		for l := range strings.Lines(out) {
			word, _, _ := strings.Cut(strings.TrimSpace(l), "\t")
			got = append(got, word)
		}
		if proposed := sorted(got); code != 0 || errs != "" || proposed != want {
			t.Errorf("%q: code %d, %q %s, want %q", line, code, proposed, errs, want)
		}
	}
	_, out, _ := f.run(0, false, "__complete", "bash", "cron", "run", "thumbs", "cron")
	if out != `cron\ 0\ 3\ \*\ \*\ \*`+"\n" {
		t.Errorf("bash gets %q", out)
	}
}

func TestRejoin(t *testing.T) {
	for line, want := range map[string]string{
		"-o|log_level|=|de": "-o log_level=de|log_level=",
		"-o|log_level|=":    "-o log_level=|log_level=",
		"status|tcp|://h":   "status tcp ://h|",
		"a|b":               "a b|",
		"a|":                "a |",
		"call|x|:|y":        "call x:y|x:",
	} {
		whole, drop := rejoin(strings.Split(line, "|"))
		if got := strings.Join(whole, " ") + "|" + drop; got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func sorted(words []string) string {
	for i := range words {
		for j := i; j > 0 && words[j] < words[j-1]; j-- {
			words[j], words[j-1] = words[j-1], words[j]
		}
	}
	return strings.Join(words, " ")
}

// The scripts work in the shells that are installed; bash always is.
func TestShells(t *testing.T) {
	u := newUser(t)
	name := filepath.Base(os.Args[0])
	if err := os.WriteFile(filepath.Join(u.dir, name), []byte("#!/bin/sh\nexec '"+os.Args[0]+"' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	u.start("start")
	for shell, script := range map[string]string{
		"bash": `
complete_() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _PROGRAM; printf '%s ' "${COMPREPLY[@]}"; echo; }
source SCRIPT
complete_ BIN sta
complete_ BIN pool scale ec
complete_ BIN -o log_level = deb
complete_ BIN run --js
complete_ BIN cron run ev
`,
		"zsh": `
compdef() { }
_describe() { local name=$1; for w in "${(@P)2}"; do print -n -- "${w%%:*} "; done }
_files() { print -n files }
complete_() { words=("$@"); CURRENT=$#; _PROGRAM; print; }
source SCRIPT
complete_ BIN sta
complete_ BIN pool scale ec
complete_ BIN -o log_level=deb
complete_ BIN run --js
complete_ BIN cron run ev
`,
		"fish": `
source SCRIPT
for line in 'BIN sta' 'BIN pool scale ec' 'BIN -o log_level=deb' 'BIN run --js' 'BIN cron run ev'
	complete -C $line | string replace -r '\t.*' '' | string join ' '
end
`,
	} {
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not here to be tried", shell)
			continue
		}
		completion := u.expect(ExitOK, "__complete "+shell, "", "completion", shell).stdout
		file := filepath.Join(u.dir, "completion."+shell)
		if err := os.WriteFile(file, []byte(completion), 0o600); err != nil {
			t.Fatal(err)
		}
		script = strings.NewReplacer("SCRIPT", file, "BIN", name, "PROGRAM", functionName(name)).Replace(script)
		cmd := u.command()
		cmd.Path, cmd.Args = path, []string{shell, "-c", script}
		cmd.Env = append(cmd.Env, "HOME="+u.dir, "XDG_CONFIG_HOME="+u.dir, "XDG_DATA_HOME="+u.dir, "PATH="+u.dir+":"+os.Getenv("PATH"))
		r := u.finish(cmd)
		var got []string
		for l := range strings.Lines(r.stdout) {
			got = append(got, sorted(strings.Fields(l)))
		}
		level, every := "log_level=debug", "1h0m0s every"
		if shell == "bash" {
			level, every = "debug", `1h0m0s every\`
		}
		want := []string{"start stats status", "echo", level, "--json", every}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s proposes %q, want %q\n%s", shell, got, want, r.stderr)
		}
	}
}

// A tool finds a daemon by its name, and by its address.
func TestTool(t *testing.T) {
	u := newUser(t)
	u.start("start")
	tool := &user{t: t, program: "tool", dir: u.dir}
	tool.expect(ExitOK, "thumbs is running", "", "status", "unix://"+u.dir+"/control.sock")
	tool.expect(ExitOK, "echo", "", "pool", "ls", u.dir+"/control.sock")
	tool.expect(ExitNotRunning, "", "nobody-of-that-name", "ps", "nobody-of-that-name")
	tool.expect(StatusStopped, "nobody-of-that-name is stopped", "", "status", "nobody-of-that-name")
	tool.expect(ExitUsage, "", `there is no verb "unit"`, "unit")
	tool.expect(ExitOK, "kernel", "", "doctor")
	tool.expect(ExitOK, "has stopped", "", "stop", u.dir+"/control.sock")
}
