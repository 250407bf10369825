package codec_test

import (
	"runtime"
	"strings"
	"testing"
)

// TestStringsThatShareBlocks decodes strings of all lengths around those at
// which blocks end, and compares them when all of them have been written.
func TestStringsThatShareBlocks(t *testing.T) {
	c := mustFor[[]string](t)
	var sent []string
	for round := range 40 {
		for n := range 40 {
			sent = append(sent, strings.Repeat(string(rune('a'+(n+round)%26)), n))
		}
	}
	enc, err := c.Append(nil, &sent)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := c.Decode(enc, &got); err != nil {
		t.Fatal(err)
	}
	clear(enc) // the strings must not be parts of it
	for i := range sent {
		if got[i] != sent[i] {
			t.Fatalf("string %d: got %q, want %q", i, got[i], sent[i])
		}
	}
}

// TestOneKeptString keeps one short string of each of many large values: each
// may keep one block with it, not the text of its value.
func TestOneKeptString(t *testing.T) {
	c := mustFor[[]string](t)
	sent := make([]string, 1000)
	for i := range sent {
		sent[i] = "twenty bytes of text"
	}
	enc, err := c.Append(nil, &sent)
	if err != nil {
		t.Fatal(err)
	}
	before := heap()
	kept := make([]string, 1000)
	for i := range kept {
		var got []string
		if err := c.Decode(enc, &got); err != nil {
			t.Fatal(err)
		}
		kept[i] = got[i]
	}
	grown := int64(heap()) - int64(before)
	if limit := int64(len(kept) * (16 + 128) * 2); grown > limit { // a value has 20 KiB of text
		t.Errorf("%d strings keep %d bytes, want at most %d", len(kept), grown, limit)
	}
	runtime.KeepAlive(kept)
}

// heap returns how many bytes of the heap are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
