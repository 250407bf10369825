package cli

import _ "github.com/legion-go/legion/profile" // the daemons and workers of these tests are this binary
