// Package enum gives enumerations a text form, so that files, flags and JSON
// hold the names of their values instead of numbers.
package enum

import (
	"fmt"
	"strconv"
	"strings"
)

// Names are the texts of an enumeration's values, from 0 on.
type Names []string

// Text returns the text of v, or its number if v has no text.
func (n Names) Text(v int) string {
	if v >= 0 && v < len(n) {
		return n[v]
	}
	return strconv.Itoa(v)
}

// Marshal implements MarshalText for the value v. A value without a name is an
// error.
func (n Names) Marshal(v int) ([]byte, error) {
	if v < 0 || v >= len(n) {
		return nil, fmt.Errorf("%d has no name; the values are %s", v, n)
	}
	return []byte(n[v]), nil
}

// Parse implements UnmarshalText: it reads a name, ignoring case, with words
// separated by '-', '_' or nothing, or the value's number.
func (n Names) Parse(text []byte) (int, error) {
	for v, name := range n {
		if plain(name) == plain(string(text)) {
			return v, nil
		}
	}
	if v, err := strconv.Atoi(string(text)); err == nil && v >= 0 && v < len(n) {
		return v, nil
	}
	return 0, fmt.Errorf("use %s", n)
}

// String lists the names: "mixed, lazy or eager".
func (n Names) String() string {
	last := len(n) - 1
	if last < 1 {
		return strings.Join(n, "")
	}
	return strings.Join(n[:last], ", ") + " or " + n[last]
}

func plain(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
}

// Set implements UnmarshalText: it sets *to to the value that Parse reads. On
// an error *to does not change.
func Set[T ~int](to *T, names Names, text []byte) error {
	v, err := names.Parse(text)
	if err == nil {
		*to = T(v)
	}
	return err
}
