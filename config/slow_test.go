package config
import ("testing";"strings";"time";"reflect";"fmt")
func TestSlow(t *testing.T){
 s := newSchema(reflect.TypeFor[fuzzed](), "")
 var keys strings.Builder; for i:=0; keys.Len()<maxFile-10; i++ { fmt.Fprintf(&keys, "%x:\n", i) }
 var jk strings.Builder; jk.WriteString("{\"map\":{\"x\":1"); for i:=0; jk.Len()<maxFile-20; i++ { fmt.Fprintf(&jk, ",\n\"%x\":1", i) }; jk.WriteString("}}")
 bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"; for c:='b';c<'k';c++ { bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c,c,c-1,c-1,c-1,c-1,c-1,c-1,c-1,c-1,c-1,c-1) }
 mb := "a: &a {x: 1}\n" ; for c:='b';c<'z';c++ { mb += fmt.Sprintf("%c: &%c {<<: [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]}\n", c,c,c-1,c-1,c-1,c-1,c-1,c-1,c-1,c-1,c-1,c-1) }
 var wide strings.Builder; wide.WriteString("a: &a {"); for i:=0; wide.Len()<maxFile/2; i++ { fmt.Fprintf(&wide, "%x: ,", i) }; wide.WriteString("}\n<<: ["+strings.Repeat("*a,", maxFile/8)+"]\n")
 for n, x := range map[string]string{"open": strings.Repeat("[", maxFile), "brace": strings.Repeat("{", maxFile), "dash": strings.Repeat("- ", maxFile/2), "keys": keys.String(), "bomb": bomb, "mergebomb": mb, "wide": wide.String(), "q": strings.Repeat("? ", maxFile/2), "list": "list: ["+strings.Repeat("a,", maxFile/2-5)+"]", "errs": "lists: ["+strings.Repeat("[],", maxFile/3-5)+"]", "colon": strings.Repeat("a: ", maxFile/3), "anch": strings.Repeat("&a ", maxFile/3)} {
  for _, p := range []string{"/c.yaml","/c.json"} {
  c := Config[fuzzed]{schema: s}; st := time.Now(); _, err := c.build(document{p, []byte(x)}, map[string]Source{}); e := fmt.Sprint(err); if len(e) > 90 { e = e[:90] }; if d := time.Since(st); d > 20*time.Millisecond || p=="/c.yaml" { t.Log(n, p, d, e) } } }
 c := Config[fuzzed]{schema: s}; st := time.Now(); _, err := c.build(document{"/c.json", []byte(jk.String())}, map[string]Source{}); t.Log("jk", time.Since(st), err)
}
