#include "textflag.h"

// func Pause()
// ISB waits for the pipeline to drain, which is about what PAUSE does elsewhere; YIELD does nothing on most cores.
TEXT ·Pause(SB), NOSPLIT, $0-0
	ISB $15
	RET
