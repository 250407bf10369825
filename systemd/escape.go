package systemd

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Writing values so that systemd reads them unchanged; see
// systemd.syntax(7), systemd.service(5), "Command lines", and systemd.unit(5),
// "Specifiers".

// command writes a command line. $ is doubled because of variables, which
// systemd replaces in quotes, too, % because of specifiers; in quotes, a lone ;
// does not begin another command.
func command(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = quote(arg, i > 0)
	}
	return strings.Join(words, " ")
}

// quote writes one word. variables says if systemd replaces $NAME there.
func quote(s string, variables bool) string {
	needs := s == "" || strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-=:,+@%$", r))
	})
	s = specifiers(s)
	if variables {
		s = strings.ReplaceAll(s, "$", "$$")
	}
	if !needs {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// specifiers escapes %, so that it is not a specifier.
func specifiers(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// checkText refuses what systemd cannot read at all.
func checkText(s string) error {
	switch {
	case strings.ContainsRune(s, 0):
		return errors.New("it has a zero byte")
	case !utf8.ValidString(s):
		return errors.New("it is not UTF-8, which unit files must be")
	}
	return nil
}

// checkLine refuses text that cannot be a value without quotes.
func checkLine(s string) error {
	if err := checkText(s); err != nil {
		return err
	}
	switch {
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%q has control characters", s)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("%q begins or ends with a space, which systemd would drop", s)
	case strings.HasSuffix(s, `\`):
		return fmt.Errorf(`%q ends with \, which would join the next line`, s)
	}
	return nil
}

// checkPath refuses paths that are not absolute and clean, and characters that
// systemd does not accept in all paths.
func checkPath(s string) error {
	switch {
	case !path.IsAbs(s) || path.Clean(s) != s:
		return fmt.Errorf("%q is not an absolute path in its shortest form", s)
	case strings.ContainsAny(s, `"'\`):
		return fmt.Errorf("%q has quotes or backslashes, which systemd does not read everywhere", s)
	}
	return checkLine(s)
}

// checkProgram refuses paths that cannot be first in a command line: there
// systemd neither replaces $ nor undoes its doubling.
func checkProgram(s string) error {
	if strings.Contains(s, "$") {
		return fmt.Errorf("the program's path %q has a $, which cannot be written there", s)
	}
	return checkPath(s)
}

// checkAssignment refuses text that is not NAME=value.
func checkAssignment(s string) error {
	name, _, ok := strings.Cut(s, "=")
	valid := name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_')
	})
	if !ok || !valid || name[0] >= '0' && name[0] <= '9' {
		return fmt.Errorf("%q is not NAME=value", s)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return fmt.Errorf("%q has control characters", s)
	}
	return checkText(s)
}

// plain reports whether s is safe as a file's name.
func plain(s string) bool {
	return s != "" && len(s) <= 64 && s[0] != '.' && s[0] != '-' && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
	})
}

// account reports whether s is a name or number of a user or group, as strictly
// as systemd.
func account(s string) bool {
	letters := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' }
	digits := func(r rune) bool { return r >= '0' && r <= '9' }
	if len(s) > 31 || s == "" {
		return false
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return !digits(r) }) {
		return len(s) < 10 || len(s) == 10 && s < "4294967295" // -1 means no user
	}
	return letters(rune(s[0])) && !strings.ContainsFunc(s, func(r rune) bool { return !letters(r) && !digits(r) && r != '-' })
}
