package methods

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/text"
	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/status"
)

// partMethods are the methods about plugins, locks and settings.
func (d caller) partMethods() []rpc.Method {
	return []rpc.Method{
		Look("plugin.list", "The plugins.", func(context.Context, None) ([]status.Plugin, error) { return d.pluginList(), nil }),
		Look("lock.list", "The locks that the daemon holds.", func(context.Context, None) ([]status.Lock, error) {
			all := []status.Lock{}
			for _, l := range plugins.Each[plugin.LockReporter](d.Plugins()) {
				all = append(all, l.Lock())
			}
			return all, nil
		}),
		Look("config.show", "The configuration, secrets masked.", func(context.Context, None) ([]status.Setting, error) { return d.settings(), nil }),
	}
}

func (d caller) pluginList() []status.Plugin {
	all := d.Plugins().List()
	for i := range all {
		if s := all[i].Stats; s != nil {
			all[i].Stats = Presentable(s)
		}
	}
	return all
}

// settings returns Config, and the plugins' settings.
func (d caller) settings() []status.Setting {
	all := structSettings("", reflect.ValueOf(d.Settings()))
	for _, r := range plugins.Each[plugin.SettingsReporter](d.Plugins()) {
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

// settingText is a value of a configuration as text, without its secrets.
func settingText(v any) string {
	if words, ok := v.([]string); ok {
		return strings.Join(words, " ")
	}
	if value := reflect.ValueOf(v); value.Kind() == reflect.Map {
		var all []string
		for key, of := range value.Seq2() {
			name := fmt.Sprint(key)
			switch key := key.Interface().(type) {
			case string: // of Config.Access
				name = control.Shown(key)
			case syscall.Signal:
				name = unix.SignalName(key)
			}
			all = append(all, fmt.Sprintf("%s=%v", name, of))
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	return fmt.Sprint(v)
}
