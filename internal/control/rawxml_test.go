package control

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/legion-go/legion/internal/rpc"
)

func xmlCall(text string) string {
	return `<?xml version="1.0"?><!-- </methodCall> --><methodCall><methodName>echo</methodName><params><param><value><string>` + text + `</string></value></param></params></methodCall >`
}

func TestRawXML(t *testing.T) {
	f := serve(t, "", Options{})
	for text, want := range map[string]string{"hello": "hello", "<![CDATA[</methodCall>]]>": "&lt;/methodCall", strings.Repeat("x", 100000): strings.Repeat("x", 100000)} {
		c := f.dial(t)
		c.send("\n " + strings.TrimPrefix(xmlCall(text), `<?xml version="1.0"?>`) + "\n")
		if got := c.rest(); !strings.Contains(got, want) || strings.Contains(got, "fault") {
			t.Error(len(got), got[:min(len(got), 300)])
		}
	}
	// UTF-16, whose last character has two bytes.
	c := f.dial(t)
	wide := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(strings.Replace(xmlCall("é"), `"1.0"`, `"1.0" encoding="UTF-16"`, 1))) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	c.send(string(wide))
	if got := c.rest(); !strings.Contains(got, "é") || strings.Contains(got, "fault") {
		t.Error(got)
	}
	// What ends early is answered as far as it goes.
	c = f.dial(t)
	c.send("<methodCall><methodName>")
	c.halfClose()
	if got := c.rest(); !strings.Contains(got, "<fault>") || !strings.Contains(got, "-32700") {
		t.Error(got)
	}
	c = f.dial(t)
	go c.Write([]byte(xmlCall(strings.Repeat("x", 5<<20))))
	if got := c.rest(); !strings.Contains(got, "<fault>") || !strings.Contains(got, "larger than") {
		t.Error(got)
	}
}

// A stranger's document is not even read.
func TestRawXMLStranger(t *testing.T) {
	f := serve(t, "tcp://127.0.0.1:0", Options{Rules: []Rule{rule(t, "token", "0123456789abcdef", rpc.Admin)}})
	c := f.dial(t)
	c.send(xmlCall("x"))
	if got := c.rest(); !strings.Contains(got, "<fault>") || !strings.Contains(got, "-32001") {
		t.Error(got)
	}
}

// The end is found at the same place however the text comes.
func TestCallEndInPieces(t *testing.T) {
	text := []byte(xmlCall("<!-- x --><![CDATA[</methodCall>]]>") + "<methodCall/>")
	want := bytes.LastIndexByte(text[:len(text)-1], '>') + 1
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		var e callEnd
		at, done := 0, false
		for rest := text; len(rest) > 0 && !done; {
			n := min(len(rest), 1+random.IntN(9))
			var took int
			took, done = e.find(rest[:n])
			at += took
			rest = rest[took:]
		}
		if !done || at != want {
			t.Fatal(seed, done, at, want)
		}
	}
}
