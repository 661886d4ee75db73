/// Writes all of `text`, however many calls that takes. Returns 0, or the `errno` of what went wrong.
///
/// Swift's own `print` goes through stdio, which keeps lines back while the output is a file or a pipe.
package func writeAll(_ text: String, to descriptor: Int32) -> Int32 {
    var octets = Array(text.utf8)[...]
    while !octets.isEmpty {
        let count = octets.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
            octets = octets.dropFirst(count)
        } else if errno == EAGAIN {
            // Some terminals and pipes are handed over in non-blocking mode.
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wait, 1, -1)
        } else if errno != EINTR {
            return errno
        }
    }
    return 0
}

/// What the environment sets under a name; nil: nothing, or an empty text.
package func environmentValue(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}
