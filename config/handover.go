package config

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// A worker's configuration file is the one that the daemon has accepted, not the
// one that happens to lie on the disk when the worker starts: that may be half
// written, wrong, or ahead of the daemon. The daemon puts the content into a
// variable of its own environment, which its workers are started with. Such a
// variable is
//
//	_LEGION_CONFIG_<plugin's name>=<pid of the daemon> <"path"> <"" or "absent">
//	<content>
//
// and is meant for children of that process. It is taken out of the environment
// when this package is initialised.
const handOverPrefix = "_LEGION_CONFIG_"

// inherited is what this process was started with, by the plugin's name.
var inherited = struct {
	sync.Mutex
	files map[string]document
}{files: inherit(os.Environ(), os.Getppid())}

// inherit takes what parent has handed over out of the environment.
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

// handOver has the workers that start from now on take doc for the file.
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
	return fmt.Sprintf("%d %q %s\n%s", pid, doc.path, absent, doc.text)
}

// readHandOver reads what may be anything.
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
	if rest[len(quoted):] != " absent" {
		doc.text = []byte(content)
	}
	pid, err = strconv.Atoi(number)
	return doc, pid, err == nil
}
