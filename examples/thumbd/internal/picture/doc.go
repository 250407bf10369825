// Package picture turns a picture of any registered format into a small PNG.
//
// It is the part of thumbd that touches bytes nobody vouches for, and it does
// so with ordinary decoders and no precautions of its own: no look at the
// claimed size beforehand, no recover, no limit. A picture may therefore make
// it panic, loop for minutes or ask for gigabytes. That is why it runs in
// worker processes, and only there.
package picture
