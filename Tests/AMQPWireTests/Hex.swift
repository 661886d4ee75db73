import AMQPWire

/// Octets from hexadecimal digits, and from `'text'` in between; everything else is for the reader.
func octets(_ hex: String) -> [UInt8] {
    // Every other part stands between apostrophes.
    let parts = hex.split(separator: "'", omittingEmptySubsequences: false)
    return parts.enumerated().flatMap { place, part in
        if !place.isMultiple(of: 2) { return Array(part.utf8) }
        let digits = part.compactMap { $0.hexDigitValue.map(UInt8.init) }
        precondition(digits.count.isMultiple(of: 2), "an odd number of digits: \(hex)")
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

/// What `body` writes.
func written(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
    var writer = ByteWriter()
    body(&writer)
    return writer.octets
}

/// Every frame that `octets` holds.
func frames(_ octets: [UInt8], frameMax: UInt32 = 0) throws(WireError) -> [Frame] {
    var reader = FrameReader(frameMax: frameMax)
    reader.append(octets)
    var frames: [Frame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
}
