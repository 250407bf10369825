package systemd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/legion-go/legion/legiontest"
)

// plainUnit has only the required options.
func plainUnit() UnitOptions {
	return UnitOptions{Name: "thumbs", Exec: []string{"/usr/bin/thumbs", "run"}}
}

// fullUnit has all options, with values that need care.
func fullUnit(program string) UnitOptions {
	return UnitOptions{
		Name: "thumbs", Description: `100% "thumbs" of $HOME; all # day`,
		Exec: []string{program, "run", "", "a b", `quo"te'd`, `back\slash`, "50%", "$HOME", "${HOME}", "$$", ";", "a;b", "#", "line\nfeed", "tab\t", "ümlaut", "\x01", "-x=@y"},
		User: "daemon", Group: "daemon", WorkDir: "/var/lib/a b%c", Environment: []string{`A=1 2 "3" \4 %5 $6`, "B="},
		Check:       []string{program, "config", "check", "a b", "50%"},
		StopTimeout: 1500 * time.Millisecond, Watchdog: time.Minute, StartTimeout: 5 * time.Minute,
		ReadWrite: []string{"/srv/a b", "/srv/100%"}, State: true, Logs: true,
		AddressFamilies: []string{"AF_UNIX", "AF_NETLINK"}, StoreMax: 16,
	}
}

func TestUnit(t *testing.T) {
	text, err := Unit(plainUnit())
	must(t, err)
	u := readUnit(t, text)
	for key, want := range map[string]string{
		"Unit.Description": "thumbs", "Service.Type": "notify-reload", "Service.NotifyAccess": "main", "Service.ExecStart": "/usr/bin/thumbs run",
		"Service.Restart": "on-failure", "Service.WatchdogSec": "30s", "Service.RuntimeDirectory": "thumbs", "Service.KillMode": "mixed",
		"Service.TimeoutStopSec": "15s", "Service.OOMPolicy": "continue", "Service.NoNewPrivileges": "yes", "Service.ProtectSystem": "strict",
		"Service.PrivateTmp": "yes", "Service.RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6", "Install.WantedBy": "multi-user.target",
		"Service.User": "", "Service.ExecReload": "", "Service.ReadWritePaths": "", "Service.ExecStartPre": "", "Service.RemoveIPC": "",
		"Unit.StartLimitIntervalSec": "60s", "Unit.StartLimitBurst": "5", "Service.RestartPreventExitStatus": "6", "Service.LimitNOFILE": "65536",
		"Service.ProtectProc": "invisible",
	} {
		if got := strings.Join(u[key], "|"); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}

	o := fullUnit("/opt/a b%c/thumbs")
	text, err = Unit(o)
	must(t, err)
	u = readUnit(t, text)
	if got := readCommand(t, u["Service.ExecStart"][0]); !slices.Equal(got, o.Exec) {
		t.Errorf("the command line is read as %q, want %q", got, o.Exec)
	}
	if got := readCommand(t, u["Service.ExecStartPre"][0]); !slices.Equal(got, o.Check) {
		t.Errorf("the check is read as %q, want %q", got, o.Check)
	}
	for key, want := range map[string][]string{
		"Unit.Description": {o.Description}, "Service.WorkingDirectory": {o.WorkDir},
	} {
		if got := strings.ReplaceAll(u[key][0], "%%", "%"); got != want[0] {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	var env []string
	for _, line := range u["Service.Environment"] {
		env = append(env, readWords(t, line)...)
	}
	if !slices.Equal(env, o.Environment) {
		t.Errorf("the environment is read as %q", env)
	}
	if got := readWords(t, u["Service.ReadWritePaths"][0]); !slices.Equal(got, o.ReadWrite) {
		t.Errorf("the paths are read as %q", got)
	}
	for key, want := range map[string]string{
		"User": "daemon", "Group": "daemon", "TimeoutStopSec": "6500ms", "WatchdogSec": "60s", "TimeoutStartSec": "300s", "StateDirectory": "thumbs",
		"LogsDirectory": "thumbs", "RemoveIPC": "yes", "RestrictAddressFamilies": "AF_UNIX AF_NETLINK", "FileDescriptorStoreMax": "16", "CapabilityBoundingSet": "",
	} {
		if got := u["Service."+key]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}

	o = plainUnit()
	o.Watchdog, o.Old, o.Check = -1, true, []string{"/usr/bin/thumbs", "config", "check"}
	text, err = Unit(o)
	must(t, err)
	if u = readUnit(t, text); u["Service.WatchdogSec"] != nil || u["Service.Type"][0] != "notify" || strings.Join(u["Service.ExecReload"], "|") != "/usr/bin/thumbs config check|/bin/kill -HUP $MAINPID" {
		t.Errorf("an old one without a watchdog:\n%s", text)
	}
}

func TestUnitRefuses(t *testing.T) {
	for says, change := range map[string]func(*UnitOptions){
		"Name":            func(o *UnitOptions) { o.Name = "a/b" },
		"Name must":       func(o *UnitOptions) { o.Name = "" },
		"Name must be":    func(o *UnitOptions) { o.Name = "a\n[Service]" },
		"Exec is empty":   func(o *UnitOptions) { o.Exec = nil },
		"not an absolute": func(o *UnitOptions) { o.Exec = []string{"thumbs"} },
		"shortest form":   func(o *UnitOptions) { o.Exec = []string{"/usr/../thumbs"} },
		"has a $":         func(o *UnitOptions) { o.Exec = []string{"/opt/$x"} },
		"zero byte":       func(o *UnitOptions) { o.Exec = []string{"/x", "a\x00b"} },
		"not UTF-8":       func(o *UnitOptions) { o.Exec = []string{"/x", "a\xff"} },
		"control":         func(o *UnitOptions) { o.Description = "a\nExecStartPre=/bin/rm" },
		"join the next":   func(o *UnitOptions) { o.Description = `a\` },
		"with a space":    func(o *UnitOptions) { o.Description = " a" },
		"Check: \"thumbs": func(o *UnitOptions) { o.Check = []string{"thumbs"} },
		"User":            func(o *UnitOptions) { o.User = "root\nExecStartPre=/bin/rm" },
		"User \"4294967":  func(o *UnitOptions) { o.User = "4294967295" },
		"Group":           func(o *UnitOptions) { o.Group = "a b" },
		"WorkDir":         func(o *UnitOptions) { o.WorkDir = "x" },
		"WorkDir: \"/a\\": func(o *UnitOptions) { o.WorkDir = "/a\nUser=root" },
		"ReadWrite":       func(o *UnitOptions) { o.ReadWrite = []string{`/a"b`} },
		"Environment":     func(o *UnitOptions) { o.Environment = []string{"=x"} },
		"is not NAME":     func(o *UnitOptions) { o.Environment = []string{"1A=x"} },
		"AddressFamilies": func(o *UnitOptions) { o.AddressFamilies = []string{"AF_INET\nx"} },
		"negative":        func(o *UnitOptions) { o.StopTimeout = -1 },
	} {
		o := plainUnit()
		change(&o)
		if text, err := Unit(o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v\n%s", says, err, text)
		}
	}
}

// systemd's own checker accepts the unit. It reads the file and starts nothing.
func TestForeignVerify(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze (package systemd) is not installed")
	}
	legiontest.CheckLeaks(t)
	out := execute(t, exec.Command(analyze, "--version"))
	version, err := strconv.Atoi(strings.Fields(out)[1])
	if err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	// It looks for the program, so that it must have read its path right.
	dir := filepath.Join(t.TempDir(), "a b%c")
	must(t, os.Mkdir(dir, 0o755))
	program := filepath.Join(dir, "thumbs;x")
	must(t, os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755))
	small := plainUnit()
	small.Exec[0] = program
	for i, o := range []UnitOptions{small, fullUnit(program)} {
		for _, old := range []bool{true, false} {
			if o.Old = old; !old && version < 253 {
				continue // it does not know Type=notify-reload
			}
			text, err := Unit(o)
			must(t, err)
			path := filepath.Join(t.TempDir(), fmt.Sprintf("thumbs%d.service", i))
			must(t, os.WriteFile(path, []byte(text), 0o644))
			if out := execute(t, exec.Command(analyze, "verify", "--man=no", path)); out != "" {
				t.Errorf("systemd-analyze says: %s\nof\n%s", out, text)
			}
		}
	}
	// And it reports errors.
	path := filepath.Join(t.TempDir(), "wrong.service")
	must(t, os.WriteFile(path, []byte("[Service]\nExecStart="+program+"\n"), 0o644))
	if out, _ := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput(); len(out) == 0 {
		t.Error("systemd-analyze does not notice a path that is not escaped")
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range fullUnit("/x").Exec {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if checkText(s) != nil {
			return
		}
		line := command([]string{"/x", s, "end"})
		if strings.ContainsRune(line, '\n') || !utf8.ValidString(line) {
			t.Errorf("%q is written as %q", s, line)
		}
		if got := readCommand(t, line); !slices.Equal(got, []string{"/x", s, "end"}) {
			t.Errorf("%q, written as %q, is read as %q", s, line, got)
		}
	})
}

// readUnit reads a unit file: systemd.syntax(7). The keys are "Section.Key".
func readUnit(t *testing.T, text string) map[string][]string {
	t.Helper()
	u := map[string][]string{}
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case strings.HasSuffix(line, `\`):
			t.Errorf("a line that goes on: %q", line)
		case line[0] == '[' && strings.HasSuffix(line, "]"):
			section = line[1 : len(line)-1]
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok || section == "" {
				t.Errorf("no assignment: %q", line)
			}
			key = section + "." + key
			u[key] = append(u[key], value)
		}
	}
	return u
}

// readCommand reads a command line as systemd.service(5) says: words,
// specifiers, then variables, but not in the program's path.
func readCommand(t *testing.T, line string) []string {
	t.Helper()
	words := readWords(t, line)
	for i := range words {
		if i == 0 {
			continue
		}
		var b strings.Builder
		for rest := words[i]; ; {
			before, after, ok := strings.Cut(rest, "$")
			b.WriteString(before)
			if !ok {
				break
			}
			if !strings.HasPrefix(after, "$") {
				t.Errorf("a variable in %q", line)
			}
			b.WriteByte('$')
			rest = strings.TrimPrefix(after, "$")
		}
		words[i] = b.String()
	}
	return words
}

// readWords reads words with quotes, escapes and specifiers.
func readWords(t *testing.T, line string) (words []string) {
	t.Helper()
	for line = strings.TrimLeft(line, " \t"); line != ""; line = strings.TrimLeft(line, " \t") {
		if strings.HasPrefix(line, "; ") || line == ";" {
			t.Errorf("another command begins")
		}
		word, rest, err := readWord(line)
		if err != nil {
			t.Errorf("%q: %v", line, err)
			return words
		}
		if strings.Contains(strings.ReplaceAll(word, "%%", ""), "%") {
			t.Errorf("%q has a specifier", word)
		}
		words, line = append(words, strings.ReplaceAll(word, "%%", "%")), rest
	}
	return words
}

func readWord(s string) (word, rest string, err error) {
	var b strings.Builder
	quoted := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i++; i == len(s) {
				return "", "", errors.New("it ends with a backslash")
			}
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case '"', '\\':
				b.WriteByte(s[i])
			case 'x':
				if i+2 >= len(s) {
					return "", "", errors.New("a short escape")
				}
				n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
				if err != nil || n == 0 {
					return "", "", errors.New("a bad escape")
				}
				b.WriteByte(byte(n))
				i += 2
			default:
				return "", "", fmt.Errorf("unknown escape %q", s[i])
			}
		case c == quoted:
			quoted = 0
		case quoted == 0 && (c == '"' || c == '\''):
			quoted = c
		case quoted == 0 && (c == ' ' || c == '\t'):
			return b.String(), s[i:], nil
		default:
			b.WriteByte(c)
		}
	}
	if quoted != 0 {
		return "", "", errors.New("a quote is not closed")
	}
	return b.String(), "", nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// execute runs a program to its end and returns what it wrote.
func execute(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, out)
	}
	return string(out)
}
