import Platform

/// At once, also into a pipe.
@Sendable func say(_ line: String) { _ = writeAll(line + "\n", to: STDOUT_FILENO) }
