package legiontest

var CheckLeaksWithin = checkLeaks
