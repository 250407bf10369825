package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"unicode"
	"unicode/utf8"
)

// maxFile bounds a configuration file, in bytes. It travels to workers in an
// environment variable, which Linux limits to 128 KiB.
const maxFile = 96 << 10

// document is a configuration file as it was read.
type document struct {
	path string // absolute; "": no file
	text []byte // nil if there is none
	set  []setKey
}

// setKey is a key's value from Set.
type setKey struct{ key, text string }

// readDocument reads a file.
func readDocument(path string, optional bool) (document, error) {
	doc := document{path: path}
	if formats[filepath.Ext(path)] == nil {
		return doc, fmt.Errorf("%s: its ending does not say how it is written: rename it to .yaml, .yml or .json", path)
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && optional:
		return doc, nil
	case errors.Is(err, fs.ErrNotExist):
		return doc, fmt.Errorf("%w: create the configuration file, or name another", err)
	case errors.Is(err, fs.ErrPermission):
		return doc, fmt.Errorf("%w: let user %d read the configuration file", err, os.Geteuid())
	case err != nil:
		return doc, err
	}
	defer f.Close()
	doc.text, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return doc, err
	}
	if len(doc.text) > maxFile {
		return doc, fmt.Errorf("%s: it has more than %d KiB; put data in files of its own", path, maxFile>>10)
	}
	return doc, nil
}

// formats are the ways in which a file may be written, by its ending.
var formats = map[string]func([]byte) (*node, error){
	".json": parseJSON,
	".yaml": parseYAML,
	".yml":  parseYAML,
}

// parse returns the file's root, or nil if the file is empty.
func (doc document) parse() (*node, error) {
	text := bytes.TrimPrefix(doc.text, []byte("\ufeff"))
	parse := formats[filepath.Ext(doc.path)]
	if parse == nil || len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	root, err := parsed(parse, text)
	if err == nil && root != nil && root.kind != table {
		err = &syntaxError{root.line, "the file must consist of keys and values, and is " + root.kind.String()}
	}
	if err != nil {
		place := Source{File: doc.path}
		if syntax, ok := err.(*syntaxError); ok {
			place.Line = syntax.line
		}
		return nil, &Error{Source: place, Err: err}
	}
	return root, nil
}

// parsed looks for characters that no file may have, then calls parse.
func parsed(parse func([]byte) (*node, error), text []byte) (*node, error) {
	line := 1
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == '\n':
			line++
		case r == utf8.RuneError && size == 1:
			return nil, &syntaxError{line, "it is not text in UTF-8"}
		case unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\u0085', r == '\ufeff', r == '\ufffe', r == '\uffff':
			return nil, &syntaxError{line, fmt.Sprintf("there is a %U, which is not text: remove it", r)}
		}
		rest = rest[size:]
	}
	return parse(text)
}
