// Package picture turns a picture of any registered format into a small PNG.
//
// It is the part of thumbd that reads untrusted bytes, with ordinary decoders
// and no precautions of its own: it does not check the claimed size beforehand,
// and has no recover and no limit. A picture may therefore make it panic, loop
// for minutes or ask for gigabytes. That is why it runs in worker processes,
// and only there.
package picture
