package control

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// A configuration's access becomes rules; no error tells a token.
func TestParseRules(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(file, []byte("ops:"+secret+"\n"), 0o600))
	for key, want := range map[string]string{
		"uid:7": "uid:7=operate", "user:root": "uid:0=operate", "workers": "workers=operate", "cert:a:b": "cert:a:b=operate",
		"token:deploy:" + secret: "token:deploy=operate", "token-file:" + file: "token:ops=operate",
	} {
		rules, err := ParseRules(map[string]rpc.Role{key: rpc.Operate})
		if err != nil || len(rules) != 1 || rules[0].String() != want {
			t.Errorf("%s: %v, %v", key, rules, err)
		}
	}
	for key, says := range map[string]string{
		"root": "write it as", "user:": "write it as", "token:" + secret[1:]: "token:…", "token-file:" + file + "x": "no such file", "password:x": "no rule",
	} {
		_, err := ParseRules(map[string]rpc.Role{key: rpc.Operate})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), secret[1:]) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
