package config

import (
	"strings"
	"unicode"
)

// keyName is the key of a field that no tag names: MaxCalls is max_calls,
// HTTPPort is http_port, UserIDs is user_ids.
func keyName(fieldName string) string {
	r := []rune(fieldName)
	var b strings.Builder
	for i, c := range r {
		if i > 0 && unicode.IsUpper(c) {
			last := i == len(r)-1
			plural := i == len(r)-2 && r[i+1] == 's'
			switch {
			case !unicode.IsUpper(r[i-1]) && r[i-1] != '_',
				unicode.IsUpper(r[i-1]) && !last && !plural && unicode.IsLower(r[i+1]):
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// variable is a key's part of the name of an environment variable.
func variable(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// join puts a name under a key.
func join(key, name string) string {
	if key == "" || name == "" {
		return key + name
	}
	return key + "." + name
}

// nearest returns the one of names that was probably meant by name, or "".
func nearest(name string, names []string) string {
	best, least := "", max(1, len(name)/3)+1
	for _, n := range names {
		if d := distance(plain(name), plain(n)); d < least {
			best, least = n, d
		}
	}
	return best
}

// plain is a name without characters that are easily mixed up.
func plain(name string) []rune {
	return []rune(strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name)))
}

// distance is how many letters must be changed, added, left out or swapped with
// their neighbour to make b of a (optimal string alignment).
func distance(a, b []rune) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		next[0] = i + 1
		for j := range b {
			change := row[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
