import Platform

/// A line that is seen when it is said, also in a file: a run takes an hour, and whoever ends it early is to know how far it
/// came.
func say(_ line: String) {
    _ = writeAll(line + "\n", to: STDOUT_FILENO)
}
