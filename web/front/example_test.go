package front_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/web/front"
)

// login is the program's own.
func login(r *http.Request) (user string, err error) {
	user, _, ok := r.BasicAuth()
	if !ok {
		return "", errors.New("log in first")
	}
	return user, nil
}

// The dashboard in a server of the program, behind its login.
func Example() {
	d := legion.New(legion.Config{Name: "thumbs"})
	mux := http.NewServeMux()
	mux.Handle("/legion/", front.Handler(d, front.Options{
		Authorize: func(r *http.Request) (legion.Role, string, error) {
			user, err := login(r)
			if err != nil {
				return 0, "", err
			}
			return legion.RoleRead, user, nil
		},
	}))

	page := httptest.NewRecorder()
	mux.ServeHTTP(page, httptest.NewRequest("GET", "/legion/", nil))
	fmt.Println(page.Code, page.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}
