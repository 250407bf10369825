package client

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFromEnvironment(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good", "s3cret\n", 0o600)
	for _, c := range []struct {
		address, token, file string
		want, says           string
	}{
		{"tcp://host:1", "", "", "", ""},
		{"tcp://host:1", "s3cret", "", "s3cret", ""},
		{"tcp://host:1", "", good, "s3cret", ""},
		{"tcp://host:1", "s3cret", good, "", "unset one"},
		{"tcp://host:1", "", file("empty", "\n", 0o600), "", "is empty"},
		{"tcp://host:1", "", file("open", "s3cret", 0o644), "", "0644"},
		{"tcp://host:1", "", filepath.Join(folder, "none"), "", "no such file"},
		// A token is for nobody who listens at a Unix socket.
		{"unix:///run/thumbs/control.sock", "s3cret", "", "", ""},
		{"/run/thumbs/control.sock", "", good, "", ""},
		{"thumbs", "", good, "", ""},
	} {
		t.Setenv(tokenVariable, c.token)
		t.Setenv(tokenFileVariable, c.file)
		o, err := FromEnvironment(c.address)
		if o.Token != c.want || (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%+v: the token %q, %v", c, o.Token, err)
		}
	}
}

// A token that nobody may read on its way is not sent, and the error names the
// variable that helps.
func TestFromEnvironmentUnencrypted(t *testing.T) {
	t.Setenv(tokenVariable, "s3cret")
	o, err := FromEnvironment("tcp://192.0.2.1:7070")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(t.Context(), "tcp://192.0.2.1:7070", o); err == nil || !strings.Contains(err.Error(), caVariable) {
		t.Errorf("got %v", err)
	}
	o.fromEnvironment = false
	if _, err := Dial(t.Context(), "tcp://192.0.2.1:7070", o); err == nil || !strings.Contains(err.Error(), "Options.DialContext") {
		t.Errorf("got %v", err)
	}
}
