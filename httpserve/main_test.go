package httpserve_test

import (
	"testing"

	"github.com/legion-go/legion/legiontest"
)

func TestMain(m *testing.M) { legiontest.Main(m) }
