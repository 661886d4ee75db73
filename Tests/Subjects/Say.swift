#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// At once, also into a pipe.
@Sendable func say(_ line: String) {
    let octets = Array((line + "\n").utf8)
    _ = write(1, octets, octets.count)
}
