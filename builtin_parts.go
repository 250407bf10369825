package legion

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/text"
	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/status"
)

// restartNeeded asks the plugins.
func (d *Daemon) restartNeeded() (keys []string) {
	for _, r := range plugins.Each[plugin.RestartReporter](&d.plugins) {
		keys = append(keys, r.RestartNeeded()...)
	}
	return keys
}

// partMethods are those about what belongs to the daemon.
func (d *Daemon) partMethods() []rpc.Method {
	return []rpc.Method{
		methods.Look("plugin.list", "The plugins.", func(context.Context, methods.None) ([]status.Plugin, error) { return d.pluginList(), nil }),
		methods.Look("lock.list", "The locks that the daemon holds.", func(context.Context, methods.None) ([]status.Lock, error) {
			all := []status.Lock{}
			for _, l := range plugins.Each[plugin.LockReporter](&d.plugins) {
				all = append(all, l.Lock())
			}
			return all, nil
		}),
		methods.Look("config.show", "The configuration, secrets masked.", func(context.Context, methods.None) ([]status.Setting, error) { return d.settings(), nil }),
	}
}

func (d *Daemon) pluginList() []status.Plugin {
	all := d.plugins.List()
	for i := range all {
		if s := all[i].Stats; s != nil {
			all[i].Stats = methods.Presentable(s)
		}
	}
	return all
}

// settings returns Config, and what plugins have read.
func (d *Daemon) settings() []status.Setting {
	all := structSettings("", reflect.ValueOf(d.Config()))
	for _, r := range plugins.Each[plugin.SettingsReporter](&d.plugins) {
		all = append(all, r.Show()...)
	}
	return all
}

// structSettings returns the fields of a struct that text can show.
func structSettings(prefix string, v reflect.Value) (all []status.Setting) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := prefix + text.Snake(f.Name)
		switch f.Type.Kind() {
		case reflect.Func, reflect.Interface, reflect.Pointer:
		case reflect.Struct:
			all = append(all, structSettings(key+".", v.Field(i))...)
		default:
			all = append(all, status.Setting{Key: key, Value: settingText(v.Field(i).Interface()), Source: "legion.Config"})
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
			all = append(all, control.Shown(key)+"="+role.String())
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
