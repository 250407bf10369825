package main

import (
	"bytes"
	"fmt"
	"time"
)

// Record is the typical struct of the struct rows: ten fields of the kinds that
// real requests have, about 400 bytes.
type Record struct {
	ID     int64
	Name   string
	Blob   []byte
	Labels map[string]string
	At     time.Time
	Items  []Item
	Score  float64
	Active bool
	Flags  uint32
	Nums   []int64
}

// Item is one line of a Record.
type Item struct {
	Name  string
	Qty   int64
	Price float64
}

// newRecord makes the one Record that every peer carries.
func newRecord() *Record {
	blob := make([]byte, 128)
	for i := range blob {
		blob[i] = byte(i * 7)
	}
	return &Record{
		ID:     123456789,
		Name:   "worker-supervisor request",
		Blob:   blob,
		Labels: map[string]string{"tenant": "acme", "region": "eu-west-1", "kind": "invoice", "trace": "9f8e7d6c5b4a"},
		At:     time.Date(2026, 3, 4, 5, 6, 7, 891234567, time.UTC),
		Items:  []Item{{"alpha", 3, 9.5}, {"bravo", 14, 1.25}, {"charlie", 159, 2.75}, {"delta", 2653, 0.125}},
		Score:  0.987654321,
		Active: true,
		Flags:  0xdeadbeef,
		Nums:   []int64{1, -2, 300, -40000, 5000000, -600000000, 70000000000, 8},
	}
}

// newPayload makes an argument of the []byte rows.
func newPayload(size int) []byte {
	p := make([]byte, size)
	for i := range p {
		p[i] = byte(i)
	}
	return p
}

// checkBytes compares length and both ends of an answer: enough to notice a
// wrong answer, too little to be measured.
func checkBytes(sent, got []byte) error {
	if len(got) != len(sent) {
		return fmt.Errorf("echo of %d bytes came back with %d", len(sent), len(got))
	}
	if last := len(sent) - 1; last >= 0 && (got[0] != sent[0] || got[last] != sent[last]) {
		return fmt.Errorf("echo of %d bytes came back changed", len(sent))
	}
	return nil
}

// checkAll looks at every byte of an answer, and compares length, ends and the
// count of one value.
func checkAll(sent, got []byte) error {
	if err := checkBytes(sent, got); err != nil {
		return err
	}
	if want, have := (len(sent)+255-7)/256, readAll(got); have != want {
		return fmt.Errorf("echo of %d bytes came back changed: %d bytes are 7, not %d", len(sent), have, want)
	}
	return nil
}

// readAll looks at every byte of p of newPayload, at the speed of memory.
func readAll(p []byte) int { return bytes.Count(p, []byte{7}) }

// checkRecord checks a Record by its first field, its last one and
// the size of a nested one.
func checkRecord(id int64, items, nums int) error {
	want := recordShape
	if id != want.ID || items != len(want.Items) || nums != len(want.Nums) {
		return fmt.Errorf("echo of a record came back changed: id %d, %d items, %d nums", id, items, nums)
	}
	return nil
}

var recordShape = newRecord()
