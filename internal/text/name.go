package text

import "errors"

// CheckName accepts names that are safe in logs, file names and commands. It
// checks all names: of daemons, pools, functions and plugins.
func CheckName(s string) error {
	switch {
	case s == "" || len(s) > 64:
		return errors.New("a name has 1 to 64 characters")
	case s == "." || s == "..":
		return errors.New("a name is neither \".\" nor \"..\", which are folders")
	case s[0] == '-':
		return errors.New("a name does not begin with '-', as options do")
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return errors.New("a name is made of letters, digits, '.', '_' and '-'")
		}
	}
	return nil
}
