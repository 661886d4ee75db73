/// How a file is read whose disk may fail: a disk that fails once may be well again at the second attempt; one that fails
/// twice is broken.
package enum ReadAttempts {
    /// Octets from `offset` on, fewer at the end of the file; nil: they can't be read. `readSome` fills the beginning of
    /// a buffer from a place in the file and returns how many octets that were, 0 at the end of the file and nil when it
    /// failed.
    package static func read(
        _ count: Int, at offset: Int, _ readSome: (UnsafeMutableRawBufferPointer, Int) -> Int?
    ) -> [UInt8]? {
        var failuresLeft = 1
        var isBroken = false
        let octets = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[filled..<count]))
                if let got = readSome(rest, offset + filled) {
                    if got == 0 { break }
                    filled += got
                } else if failuresLeft > 0 {
                    failuresLeft -= 1
                } else {
                    isBroken = true
                    break
                }
            }
        }
        return isBroken ? nil : octets
    }
}
