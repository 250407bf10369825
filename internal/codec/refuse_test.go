package codec_test

import (
	"context"
	"encoding"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/legion-go/legion/internal/codec"
)

type (
	meta struct {
		OK int
		Fn func()
	}
	refused struct {
		Name string
		Meta map[string]meta
	}
	//lint:ignore U1000 it is there to be passed over
	secret struct{ a, b int }
	//lint:ignore U1000 it is there to be passed over
	half    struct{ a int }
	stamped struct {
		time.Time
		Name string
	}
	protoish struct{ Name string }
	//lint:ignore U1000 it is there to be passed over
	hiddenIface struct{ x any }
)

func (half) MarshalBinary() ([]byte, error) { return nil, nil }
func (*protoish) ProtoReflect() any         { return nil }

func (h hiddenIface) MarshalText() ([]byte, error) { return nil, nil }
func (h *hiddenIface) UnmarshalText([]byte) error  { return nil }

func refusal[T any](t *testing.T, parts ...string) {
	t.Helper()
	c, err := codec.For[T]()
	if err == nil || c != nil {
		t.Errorf("%T is not refused", *new(T))
		return
	}
	for _, p := range append(parts, "codec: cannot carry ", "; ") {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%v\nlacks %q", err, p)
		}
	}
}

func TestRefusals(t *testing.T) {
	refusal[refused](t, `codec_test.refused.Meta["k"].Fn: func() has no value that another process could use; `)
	refusal[func()](t, "cannot carry func(): ")
	refusal[struct{ A []chan int }](t, ".A[i]: chan int", "stream")
	refusal[struct{ A any }](t, ".A: interface {}", "concrete type", "json.RawMessage")
	refusal[map[string]any](t, `["k"]`, "json.RawMessage")
	refusal[struct{ Err error }](t, ".Err: error", "second result")
	refusal[error](t, "second result")
	refusal[struct{ Ctx context.Context }](t, ".Ctx", "its own context")
	refusal[struct{ P *unsafe.Pointer }](t, ".P: unsafe.Pointer", "address")
	refusal[[2]uintptr](t, "[2]uintptr[i]: uintptr", "uint64")
	refusal[struct{ Mu sync.Mutex }](t, ".Mu: sync.Mutex", "one process", `legion:"-"`)
	refusal[struct {
		sync.Mutex
		N int
	}](t, ".Mutex: sync.Mutex")
	refusal[struct{ N atomic.Int64 }](t, ".N: atomic.Int64", "loaded")
	refusal[struct{ W *sync.WaitGroup }](t, ".W: sync.WaitGroup")
	refusal[secret](t, "codec_test.secret", "no exported field", "MarshalBinary")
	refusal[map[int]secret](t, "[k]: codec_test.secret")
	refusal[struct{ F *os.File }](t, ".F: os.File")
	refusal[half](t, "MarshalBinary without UnmarshalBinary", "add the missing method")
	refusal[struct{ S stamped }](t, ".S: codec_test.stamped embeds time.Time", "name")
	refusal[struct {
		encoding.TextMarshaler
		N int
	}](t, ".TextMarshaler: encoding.TextMarshaler")
	refusal[*protoish](t, "protocol buffer", "proto.Marshal")
	refusal[map[*int]int](t, "[key]: *int", "address")
	refusal[map[any]int](t, "[key]: interface {}", "concrete type")
	refusal[map[[1]struct{ P *int }]int](t, "[key]", "*int")
	refusal[map[hiddenIface]int](t, "[key]", "interface")
	refusal[map[chan int]int](t, "[key]: chan int")
	refusal[map[struct{ E error }]int](t, "[key]", "error")
	refusal[struct{ Big *[17 << 20]byte }](t, ".Big: [17825792]uint8 takes 17 MiB", "slice")
	refusal[struct {
		N int `legion:"n"`
	}](t, `.N: int has the tag legion:"n"`)
	refusal[struct{ T *tree2 }](t, `.T.Next.Bad: func()`)
}

type tree2 struct {
	Next *struct {
		Back *tree2
		Bad  func()
	}
}

func TestAccepted(t *testing.T) {
	mustFor[struct{}](t)
	mustFor[[16 << 20]byte](t)
	mustFor[struct {
		mu sync.Mutex
		N  int
	}](t)
	mustFor[struct {
		mu sync.Mutex `legion:"-"`
		F  func()     `legion:"-"`
	}](t)
	mustFor[map[time.Time]int](t)
	mustFor[struct {
		_ sync.Mutex
		_ func()
	}](t)
}
