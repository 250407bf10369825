"""Prints checks in the Test Anything Protocol: one line each, and their number at the end."""

count = 0
failed = 0


def check(name, got, want):
    """Got is what is wanted: the same value of the same type, at every depth."""
    ok(name, same(got, want), f"got {got!r:.300}, want {want!r:.300}")


def ok(name, good, why=""):
    global count, failed
    count += 1
    if good:
        print(f"ok {count} - {name}", flush=True)
    else:
        failed += 1
        print(f"not ok {count} - {name}: {why}", flush=True)


def end():
    """The plan comes last, so that a script that stops half-way has none."""
    print(f"1..{count}", flush=True)
    raise SystemExit(failed > 0)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return a == b
