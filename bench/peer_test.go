package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"reflect"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/legion-go/legion/bench/pb"
)

func TestPeersAnswer(t *testing.T) {
	everyPeer(t, func(t *testing.T, p Peer) {
		s, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var callers sync.WaitGroup
		for _, size := range []int{0, 1, 64, 4093, 4096, 1 << 20} {
			callers.Go(func() {
				call, err := s.Bytes(newPayload(size))
				for i := 0; err == nil && i < 3; i++ {
					err = call()
				}
				if err != nil {
					t.Errorf("%d bytes: %v", size, err)
				}
			})
		}
		callers.Wait()
		if touching, is := s.(toucher); is {
			call, err := touching.Touched(100_000)
			if err == nil {
				err = errors.Join(call(), call())
			}
			if err != nil {
				t.Errorf("touched: %v", err)
			}
		}
		call, err := s.Record()
		if errors.Is(err, errNotCarried) {
			return
		}
		if err == nil {
			err = call()
		}
		if err != nil {
			t.Errorf("record: %v", err)
		}
	})
}

// A worker is a process of its own, and closing the session ends it.
func TestCloseEndsTheWorker(t *testing.T) {
	everyPeer(t, func(t *testing.T, p Peer) {
		s, err := openAndCall(p)
		if err != nil {
			t.Fatal(err)
		}
		pids := s.PIDs()
		if len(pids) == 0 {
			t.Error("no worker process")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		for _, pid := range pids {
			if pid == os.Getpid() {
				t.Error("the worker is the caller's own process")
			}
			waitGone(t, pid)
		}
	})
}

// waitGone waits until no process has the pid: go-plugin reaps its process a
// moment after it has closed the session.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for began := time.Now(); syscall.Kill(pid, 0) == nil; time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("worker %d is still there", pid)
		}
	}
}

// A call must not wait for ever for a worker that is gone: it fails, or a new
// worker answers.
func TestDeadWorkerEndsTheCall(t *testing.T) {
	everyPeer(t, func(t *testing.T, p Peer) {
		s, err := openAndCall(p)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		call, err := s.Bytes(newPayload(64))
		if err != nil {
			t.Fatal(err)
		}
		for _, pid := range s.PIDs() {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		ended := make(chan error)
		go func() { ended <- call() }()
		select {
		case err := <-ended:
			t.Log("the call ended with", err)
		case <-time.After(20 * time.Second):
			t.Fatal("the call waits for the killed worker")
		}
	})
}

// What the limits copy arrives whole.
func TestCopiesAreWhole(t *testing.T) {
	for _, size := range []int{0, 1, copiedAtOnce, 3*copiedAtOnce + 5} {
		from, to := newPayload(size), make([]byte, size)
		copyThrough(to, make([]byte, min(size, copiedAtOnce)), from)
		if !bytes.Equal(from, to) {
			t.Errorf("%d bytes were not all copied", size)
		}
	}
	for _, p := range []copiesPeer{{name: copiesName}, {touchesName, true}} {
		s, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		call, err := s.(toucher).Touched(100_000)
		if err == nil {
			err = call()
		}
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}

func TestWorkerEnvHasOneRole(t *testing.T) {
	got := workerEnv([]string{"A=1", roleVar + "=other", "GOMAXPROCS=7", "B=2"}, "raw", 3)
	want := []string{"A=1", "B=2", roleVar + "=raw", "GOMAXPROCS=3"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTakeRoleUnsetsIt(t *testing.T) {
	t.Setenv(roleVar, "raw")
	if role := takeRole(); role != "raw" {
		t.Errorf("role %q", role)
	}
	if role := takeRole(); role != "" {
		t.Errorf("role %q is still set: a worker could start workers", role)
	}
}

func TestServeRefusesUnknownPeer(t *testing.T) {
	if err := serve("nobody"); err == nil {
		t.Error("no error")
	}
}

func TestChecksNoticeWrongAnswers(t *testing.T) {
	p := newPayload(64)
	changed := append([]byte(nil), p...)
	changed[63]++
	inside := append([]byte(nil), p...)
	inside[7]++ // not seen by checkBytes
	for name, err := range map[string]error{
		"changed":  checkBytes(p, changed),
		"short":    checkBytes(p, p[:63]),
		"empty":    checkBytes(p, nil),
		"inside":   checkAll(p, inside),
		"no items": checkRecord(newRecord().ID, 0, len(newRecord().Nums)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := errors.Join(checkBytes(p, p), checkBytes(nil, nil), checkBytes(p, inside), checkAll(p, p), checkAll(nil, nil),
		checkAll(newPayload(7), newPayload(7)), checkAll(newPayload(8), newPayload(8)), checkAll(newPayload(1<<20), newPayload(1<<20))); err != nil {
		t.Error(err)
	}
}

// A program that is started for each call has ended when the call returns, and
// a program that fails is an error.
func TestExecPeers(t *testing.T) {
	for name, program := range map[string]string{"true": "/bin/true", "false": "/bin/false", "none": "/nonexistent"} {
		s, err := execPeer{name, func() *exec.Cmd { return exec.Command(program) }}.Open()
		if err != nil {
			t.Fatal(err)
		}
		call, err := taskCaller(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := call(); (err == nil) != (name == "true") {
			t.Errorf("%s: %v", program, err)
		}
	}
}

// The protobuf twin carries every field of the record.
func TestMessageCarriesTheRecord(t *testing.T) {
	want := newRecord()
	data, err := proto.Marshal(newMessage(want))
	if err != nil {
		t.Fatal(err)
	}
	var m pb.Record
	if err := proto.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	got := &Record{
		ID: m.Id, Name: m.Name, Blob: m.Blob, Labels: m.Labels, At: m.At.AsTime(),
		Score: m.Score, Active: m.Active, Flags: m.Flags, Nums: m.Nums,
	}
	for _, it := range m.Items {
		got.Items = append(got.Items, Item{it.Name, it.Qty, it.Price})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
