package methods

import (
	"context"
	"fmt"

	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/deaths"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/profiling"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

type deathsIn struct {
	Pool  *string `json:"pool,omitzero" usage:"the name of a pool; without it all pools"`
	Kind  *string `json:"kind,omitzero" usage:"a kind of death, as death.kinds names it"`
	Limit *int    `json:"limit,omitzero" usage:"how many at most; without it all that are kept"`
}

type blobIn struct {
	Number uint64 `json:"number" usage:"the number of a death"`
	Name   string `json:"name" usage:"trace.out, or cpu.pb.gz"`
}

type blobOut struct {
	Name  string `json:"name"`
	Bytes []byte `json:"bytes"` // base64
}

type deathIn struct {
	Number uint64 `json:"number" usage:"the number of a death"`
}

// deathMethods are the methods about workers and tasks that died.
func (d caller) deathMethods() []rpc.Method {
	return []rpc.Method{
		Look("death.list", "The last deaths of workers and tasks that were not planned, or that a deadline, a cancellation, a limit or a person brought about, the newest first. "+
			"They have no stacks, no output and no timeline: death.get has.", d.listDeaths),
		Look("death.kinds", "How many workers and tasks died in which way: deaths of the same pool and cause in the same function are of one kind. Those with the most deaths come first. "+
			"If there were more kinds than are kept, the last entry, with an empty kind, counts the deaths of the others.", func(context.Context, None) ([]status.DeathKind, error) {
			return d.Certificates().Kinds(), nil
		}),
		Look("death.get", "The certificate of a death. Stack and output need the role operate.", func(ctx context.Context, in deathIn) (status.Death, error) {
			death, _, err := d.death(in.Number)
			return control.DeathFor(ctx, death), err
		}),
		Operate("death.replay", "Runs the call of a death again, in a process of its own, and says how it ended. The argument must be kept, see Pool.KeepArgument; limits, sandbox and timeout are those of its pool.", d.replay),
		Operate("death.export", "What is known of a death, as files: the certificate, the stack, the last lines and, if it is kept, the argument; a []byte or a string also as go test keeps it in testdata/fuzz.", d.export),
		Operate("death.blob", "A recording that a worker made before its death, in base64: of those that the certificate lists as blobs. See Pool.Recorder.", d.recording),
	}
}

func (d caller) listDeaths(_ context.Context, in deathsIn) ([]status.Death, error) {
	var f deaths.Filter
	if in.Pool != nil {
		if _, err := d.poolNamed(*in.Pool); err != nil {
			return nil, err
		}
		f.Pool = *in.Pool
	}
	if in.Kind != nil {
		if f.Kind = *in.Kind; f.Kind == "" {
			return nil, Wrong("kind", "it is empty; to mean all kinds, leave it out")
		}
	}
	if in.Limit != nil {
		if f.Limit = *in.Limit; f.Limit < 1 {
			return nil, Wrong("limit", "it is %d; to mean all, leave it out", f.Limit)
		}
	}
	return d.Certificates().List(f), nil
}

func (d caller) recording(_ context.Context, in blobIn) (blobOut, error) {
	death, _, err := d.death(in.Number)
	if err != nil {
		return blobOut{}, err
	}
	recordings, gone := d.Certificates().Recordings(in.Number)
	for _, one := range recordings {
		switch {
		case one.Name != in.Name:
		case len(one.Bytes) > wire.MaxCapture:
			return blobOut{}, fmt.Errorf("the recording has %d bytes, at most %d can be sent: lower Pool.Recorder.Bytes", len(one.Bytes), wire.MaxCapture)
		default:
			return blobOut{one.Name, one.Bytes}, nil
		}
	}
	return blobOut{}, Wrong("name", "death %d has no %q that is kept; %s", in.Number, in.Name, unrecorded(death, in.Name, gone))
}

// unrecorded says why a death has no recording of that name. gone is why those
// that it had are not kept.
func unrecorded(death status.Death, name, gone string) string {
	_, noProfiles := profiling.Get()
	switch {
	case gone != "":
		return gone
	case len(death.Blobs) > 0 && (name != pool.ProfileName || noProfiles == nil):
		return "it has " + death.Blobs[0].Name
	case death.Cause != "deadline" && death.Cause != "cancel":
		return "only a worker whose call heeds neither its deadline nor its cancellation writes one, and the cause here is " + death.Cause
	case name == pool.ProfileName && noProfiles != nil:
		return noProfiles.Error()
	}
	return "its pool records nothing: set Pool.Recorder"
}

// death returns a certificate with its argument, nil if it has none.
func (d caller) death(number uint64) (status.Death, []byte, error) {
	death, argument, ok := d.Certificates().Whole(number)
	if ok {
		return death, argument, nil
	}
	switch oldest, newest := d.Certificates().Numbers(); newest {
	case 0:
		return death, nil, Wrong("number", "there is no death %d: no worker has died", number)
	default:
		return death, nil, Wrong("number", "death %d is not kept; those from %d to %d are", number, oldest, newest)
	}
}
