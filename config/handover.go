package config

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// A worker's configuration file is the one that the daemon has accepted, not
// the one on the disk when the worker starts: that may be half written, wrong,
// or newer than the daemon's. The daemon puts the content in a variable of its
// own environment, which its workers inherit. Such a variable is
//
//	_LEGION_CONFIG_<plugin's name>=<pid of the daemon> <"path"> <"" or "absent"> <"key=value", of Set> …
//	<content>
//
// and is meant for children of that process. This package removes it from the
// environment when it is initialised.
const handOverPrefix = "_LEGION_CONFIG_"

// inherited is the content that this process was started with, by the plugin's
// name.
var inherited = struct {
	sync.Mutex
	files map[string]document
}{files: inherit(os.Environ(), os.Getppid())}

// inherit removes what parent has handed over from the environment, and returns
// it.
func inherit(environ []string, parent int) map[string]document {
	files := map[string]document{}
	for _, variable := range environ {
		if !strings.HasPrefix(variable, handOverPrefix) {
			continue
		}
		name, text, _ := strings.Cut(variable, "=")
		_ = os.Unsetenv(name)
		if doc, pid, ok := readHandOver(text); ok && pid == parent {
			files[strings.TrimPrefix(name, handOverPrefix)] = doc
		}
	}
	return files
}

// handedOver returns what the plugin of that name in the daemon has read last
// before it started this process.
func handedOver(name string) (document, bool) {
	inherited.Lock()
	defer inherited.Unlock()
	doc, ok := inherited.files[name]
	return doc, ok
}

// forget drops what was handed over to this process.
func forget(name string) {
	inherited.Lock()
	defer inherited.Unlock()
	delete(inherited.files, name)
}

// handOver makes doc the file of the workers that start from now on.
func handOver(name string, doc document) error {
	if err := os.Setenv(handOverPrefix+name, writeHandOver(doc, os.Getpid())); err != nil {
		return fmt.Errorf("handing the configuration over to workers: %w", err)
	}
	return nil
}

func takeBack(name string) { _ = os.Unsetenv(handOverPrefix + name) }

func writeHandOver(doc document, pid int) string {
	absent := ""
	if doc.text == nil {
		absent = "absent"
	}
	head := fmt.Sprintf("%d %q %s", pid, doc.path, absent)
	for _, s := range doc.set {
		head += fmt.Sprintf(" %q", s.key+"="+s.text)
	}
	return head + "\n" + string(doc.text)
}

// readHandOver reads a variable, which may contain anything.
func readHandOver(text string) (doc document, pid int, ok bool) {
	head, content, found := strings.Cut(text, "\n")
	number, rest, _ := strings.Cut(head, " ")
	quoted, err := strconv.QuotedPrefix(rest)
	if !found || err != nil {
		return doc, 0, false
	}
	if doc.path, err = strconv.Unquote(quoted); err != nil {
		return doc, 0, false
	}
	rest, absent := strings.CutPrefix(strings.TrimPrefix(rest[len(quoted):], " "), "absent")
	if !absent {
		doc.text = []byte(content)
	}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return doc, 0, false
		}
		rest = rest[len(quoted):]
		var s setKey
		pair, _ := strconv.Unquote(quoted) // QuotedPrefix has checked it
		s.key, s.text, _ = strings.Cut(pair, "=")
		doc.set = append(doc.set, s)
	}
	pid, err = strconv.Atoi(number)
	return doc, pid, err == nil
}
