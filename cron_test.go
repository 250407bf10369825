package legion_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

func TestCron(t *testing.T) {
	legiontest.CheckLeaks(t)
	d := legion.New(quiet("cron"))
	ran := make(chan struct{}, 10)
	d.Cron("* * * * * *", func(context.Context) error {
		select {
		case ran <- struct{}{}:
		default:
		}
		return nil
	})
	func() {
		defer func() {
			if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "cron expression") {
				t.Errorf("a wrong expression: %v", v)
			}
		}()
		d.Cron("every day", func(context.Context) error { return nil })
	}()
	legiontest.Start(t, d)
	<-ran
	<-ran
}
