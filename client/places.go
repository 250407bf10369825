package client

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// socketName is the name of the control socket in a daemon's runtime folder.
const socketName = "control.sock"

// places are where the runtime folders of daemons may be: those that
// internal/host would choose, and those that it would choose for a daemon with
// another environment, as a service has.
type places struct {
	uid   int
	unit  string   // the folder that systemd has made for this process or its parents; may be ""
	own   []string // folders of this user: NAME
	run   string   // folder of the system, to which only root can write: NAME
	temps []string // folders that all users share: NAME-UID
	users string   // folder with a folder for each user that has logged in: UID/NAME
}

// standard are the places of a system. Tests change it.
var standard = struct {
	run  []string // the first that exists
	temp string
}{[]string{"/run", "/var/run"}, "/tmp"}

func here() places {
	p := places{uid: os.Geteuid()}
	if first, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); filepath.IsAbs(first) {
		p.unit = filepath.Clean(first)
	}
	for _, run := range standard.run {
		if info, err := os.Stat(run); err == nil && info.IsDir() {
			p.run = run
			p.users = filepath.Join(run, "user")
			break
		}
	}
	if xdg := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(xdg) {
		p.own = append(p.own, filepath.Clean(xdg))
	}
	if p.users != "" {
		p.own = append(p.own, filepath.Join(p.users, strconv.Itoa(p.uid)))
	}
	if temp, err := filepath.Abs(os.TempDir()); err == nil {
		p.temps = append(p.temps, temp)
	}
	p.temps = append(p.temps, standard.temp)
	slices.Sort(p.own)
	p.own, p.temps = slices.Compact(p.own), slices.Compact(p.temps)
	return p
}

// spot is a folder where a daemon may be.
type spot struct {
	name   string // of the daemon, if the folder has its usual name
	folder string
	owner  int // the user who must own the folder, since other users could have made it as well; -1: any
}

func (s spot) socket() string { return filepath.Join(s.folder, socketName) }

// errForeignFolder says that another user has made the folder, or may have.
var errForeignFolder = errors.New("its folder is not this user's")

// check makes sure that the folder exists and has the right owner.
func (s spot) check() error {
	if s.owner < 0 {
		return nil
	}
	info, err := os.Lstat(s.folder)
	if err != nil {
		return err
	}
	switch uid, _ := ownerOf(info); {
	case uid == s.owner && info.IsDir():
	case uid == s.owner && info.Mode()&fs.ModeSymlink == 0: // any user can make a link to a folder of this user's
		return &fs.PathError{Op: "open", Path: s.folder, Err: syscall.ENOTDIR}
	default:
		return errForeignFolder
	}
	return nil
}

// of returns the spots for a daemon of that name which is this user's or the
// system's, in the order of host.RuntimePath.
func (p places) of(name string) (spots []spot) {
	if filepath.Base(p.unit) == name {
		spots = append(spots, spot{name, p.unit, -1})
	}
	for _, own := range p.own {
		spots = append(spots, spot{name, filepath.Join(own, name), p.uid})
	}
	if p.run != "" {
		spots = append(spots, spot{name, filepath.Join(p.run, name), -1})
	}
	for _, temp := range p.temps {
		spots = append(spots, spot{name, filepath.Join(temp, name+"-"+strconv.Itoa(p.uid)), p.uid})
	}
	return dedupe(spots)
}

// all returns every spot: for root, those of all users.
func (p places) all() (spots []spot) {
	if p.unit != "" {
		spots = append(spots, spot{filepath.Base(p.unit), p.unit, -1})
	}
	for _, own := range p.own {
		spots = append(spots, below(own, p.uid)...)
	}
	if p.run != "" {
		spots = append(spots, below(p.run, -1)...)
	}
	if p.uid == 0 && p.users != "" {
		for _, uid := range names(p.users) {
			if n, err := strconv.Atoi(uid); err == nil {
				spots = append(spots, below(filepath.Join(p.users, uid), n)...)
			}
		}
	}
	for _, temp := range p.temps {
		for _, folder := range names(temp) {
			i := strings.LastIndexByte(folder, '-')
			if i < 1 {
				continue
			}
			if uid, err := strconv.Atoi(folder[i+1:]); err == nil && (uid == p.uid || p.uid == 0) {
				spots = append(spots, spot{folder[:i], filepath.Join(temp, folder), uid})
			}
		}
	}
	return dedupe(spots)
}

// below returns a spot for everything in a folder.
func below(folder string, owner int) (spots []spot) {
	for _, name := range names(folder) {
		spots = append(spots, spot{name, filepath.Join(folder, name), owner})
	}
	return spots
}

// names lists a folder, as far as it can be read.
func names(folder string) []string {
	f, err := os.Open(folder)
	if err != nil {
		return nil
	}
	defer f.Close()
	list, _ := f.Readdirnames(-1)
	return list
}

// dedupe leaves out folders that came before.
func dedupe(spots []spot) []spot {
	seen := map[string]bool{}
	return slices.DeleteFunc(spots, func(s spot) bool {
		before := seen[s.folder]
		seen[s.folder] = true
		return before
	})
}

func ownerOf(info fs.FileInfo) (uid, gid int) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid), int(st.Gid)
	}
	return -1, -1
}
