package legion

import (
	"os"

	"github.com/legion-go/legion/internal/passing"
	"github.com/legion-go/legion/internal/sockets"
)

// Keep lets the next process of the daemon, in an upgrade, inherit f under the
// given name; see Inherited. f still belongs to the caller, and must stay open.
func (d *Daemon) Keep(name string, f *os.File) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.succession.kept == nil {
		d.succession.kept = map[string]*os.File{}
	}
	d.succession.kept[name] = f
}

// Inherited returns the file that the previous process of the daemon kept under
// the given name. It returns nil after a start without a previous process, and
// if Inherited has already returned the file. The file belongs to the caller.
func (d *Daemon) Inherited(name string) *os.File { return sockets.Inherited(name) }

// handOver returns the files that a new process inherits. The caller must call
// closeAll, which closes the files made for it.
func (d *Daemon) handOver() (files map[string]*os.File, closeAll func(), err error) {
	files = map[string]*os.File{}
	d.mu.Lock()
	for name, f := range d.succession.kept {
		files[name] = f
	}
	d.mu.Unlock()
	made, err := sockets.HandOver(d.listening(), files)
	if err != nil {
		closeFiles(made)
		return nil, nil, err
	}
	made = append(made, passing.Files(d.succession.memories(), files, d.log.Logger)...)
	return files, func() { closeFiles(made) }, nil
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
