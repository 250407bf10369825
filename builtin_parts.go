package legion

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/strictjson"
	"golang.org/x/sys/unix"
)

// PluginInfo is a plugin of the daemon.
type PluginInfo struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	State string `json:"state"`           // promised, made or started
	Stats any    `json:"stats,omitempty"` // of a StatsReporter
}

// LockInfo is a lock that the daemon has.
type LockInfo struct {
	Name string `json:"name"` // of the plugin
	Path string `json:"path"` // of the file, or the name of the socket
	Held bool   `json:"held"` // by this process or another one
	PID  int    `json:"pid"`  // of the process that holds it; 0 if none does, or if it cannot be seen from here
}

// LockReporter is a plugin that is a lock. Lock says who holds it; it may be asked
// in a process that has not started the daemon: the command line does, before it
// calls a daemon stopped that does not answer.
type LockReporter interface{ Lock() LockInfo }

// Setting is one key of a configuration, as it is now.
type Setting struct {
	Key    string `json:"key"`    // as in "pools.resize.max"
	Value  string `json:"value"`  // as in a file; secrets are masked
	Source string `json:"source"` // where it comes from
}

// SettingsReporter is a plugin that is a configuration: that of package config.
type SettingsReporter interface{ Show() []Setting }

// RestartReporter is a plugin with settings that are in force after a restart only:
// a configuration. RestartNeeded returns the keys of those that a reload has changed
// since the start. The verbs reload and status name them, and the log.
type RestartReporter interface{ RestartNeeded() []string }

// restartNeeded asks the plugins.
func (d *Daemon) restartNeeded() (keys []string) {
	for _, p := range d.madePlugins() {
		if r, ok := p.(RestartReporter); ok {
			keys = append(keys, r.RestartNeeded()...)
		}
	}
	return keys
}

// partMethods are those about what belongs to the daemon.
func (d *Daemon) partMethods() []rpc.Method {
	return []rpc.Method{
		look("plugin.list", "The plugins.", func(context.Context, none) ([]PluginInfo, error) { return d.pluginList(), nil }),
		look("lock.list", "The locks that the daemon holds.", func(context.Context, none) ([]LockInfo, error) {
			all := []LockInfo{}
			for _, p := range d.madePlugins() {
				if l, ok := p.(LockReporter); ok {
					all = append(all, l.Lock())
				}
			}
			return all, nil
		}),
		look("config.show", "The configuration, secrets masked.", func(context.Context, none) ([]Setting, error) { return d.settings(), nil }),
	}
}

func (d *Daemon) pluginList() []PluginInfo {
	all := []PluginInfo{}
	for _, p := range d.plugins {
		made, started := p.state()
		i := PluginInfo{Name: p.name, Type: p.yields.String(), State: "promised"}
		switch {
		case started:
			i.State = "started"
		case made != nil:
			i.State = "made"
		}
		if s, ok := p.figures(); ok {
			i.Stats = presentable(s)
		}
		all = append(all, i)
	}
	return all
}

// presentable is what somebody else's code has given, if that has a JSON form,
// else why it has none: all the rest is shown nevertheless.
func presentable(v any) any {
	if err := protect(func() error { _, err := strictjson.Marshal(v); return err }); err != nil {
		return err.Error()
	}
	return v
}

// settings returns Config, and what plugins have read.
func (d *Daemon) settings() []Setting {
	all := structSettings("", reflect.ValueOf(d.Config()))
	for _, p := range d.madePlugins() {
		if r, ok := p.(SettingsReporter); ok {
			all = append(all, r.Show()...)
		}
	}
	return all
}

// structSettings returns the fields of a struct that text can show.
func structSettings(prefix string, v reflect.Value) (all []Setting) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := prefix + snake(f.Name)
		switch f.Type.Kind() {
		case reflect.Func, reflect.Interface, reflect.Pointer:
		case reflect.Struct:
			all = append(all, structSettings(key+".", v.Field(i))...)
		default:
			all = append(all, Setting{Key: key, Value: settingText(v.Field(i).Interface()), Source: "legion.Config"})
		}
	}
	return all
}

// settingText is a value of Config as text, without what is secret in it.
func settingText(v any) string {
	switch v := v.(type) {
	case map[string]Role:
		var all []string
		for key, role := range v {
			all = append(all, shown(key)+"="+role.String())
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	case map[syscall.Signal]SignalAction:
		var all []string
		for sig, action := range v {
			all = append(all, unix.SignalName(sig)+"="+action.String())
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	case []string:
		return strings.Join(v, " ")
	}
	return fmt.Sprint(v)
}

// snake is the name of a field as configurations and the control socket have it:
// LogLevel is log_level, PID is pid.
func snake(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		upper := c >= 'A' && c <= 'Z'
		if upper && i > 0 {
			before, last := name[i-1], i+1 == len(name)
			if before >= 'a' && before <= 'z' || before >= '0' && before <= '9' || !last && name[i+1] >= 'a' && name[i+1] <= 'z' {
				b.WriteByte('_')
			}
		}
		if upper {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}
