package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
)

// pythonServer is Python's xmlrpc.server with the same two methods.
//
//go:embed control_python.py
var pythonServer string

func pythonCommand() (*exec.Cmd, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return nil, fmt.Errorf("%w: there is no python3", errNotCarried)
	}
	cmd := exec.Command(python, "-c", pythonServer)
	cmd.SysProcAttr = childAttr()
	return cmd, nil
}

// dialXMLRPC is a client of XML-RPC over HTTP that reads no more of the answer
// than it must.
func dialXMLRPC(sock string) (asker, io.Closer, error) {
	web := newWeb(sock)
	return func(method string) ([]byte, error) {
		answer, err := web.post("text/xml", []byte(`<?xml version="1.0"?><methodCall><methodName>`+method+`</methodName><params/></methodCall>`))
		if err == nil && bytes.Contains(answer, []byte("<fault>")) {
			err = fmt.Errorf("%s: %.200q", method, answer)
		}
		return answer, err
	}, web, nil
}
