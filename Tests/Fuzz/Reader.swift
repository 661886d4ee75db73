import AMQPWire

/// The wire's reader takes any octets: frames, then what is in them. What it takes means the same written and read
/// again.
///
/// The first octet of the input says into how large pieces the rest is cut.
func fuzz(_ input: UnsafeBufferPointer<UInt8>) {
    guard let first = input.first else { return }
    let piece = Int(first) + 1
    var rest = Array(input.dropFirst())[...]
    var reader = FrameReader(frameMax: 131_072)
    do throws(WireError) {
        while !rest.isEmpty {
            reader.append(rest.prefix(piece))
            rest = rest.dropFirst(piece)
            while let frame = try reader.next() { check(frame) }
        }
    } catch {
        return
    }
}

private func check(_ frame: Frame) {
    switch frame.kind {
    case .method:
        guard let method = try? Method(frame.payload) else { return }
        var writer = FrameWriter()
        writer.method(method, channel: frame.channel)
        let again = reread(writer.octets, of: frame)
        precondition((try? Method(again.payload)) == method, "\(method) changes when it is written and read")
    case .header:
        guard let header = try? ContentHeader(frame.payload) else { return }
        var writer = FrameWriter()
        writer.frame(.header, channel: frame.channel) { header.write(to: &$0) }
        let again = reread(writer.octets, of: frame)
        precondition((try? ContentHeader(again.payload)) == header, "\(header) changes when it is written and read")
    case .body, .heartbeat: break
    }
}

private func reread(_ octets: [UInt8], of frame: Frame) -> Frame {
    // No limit of its own: what is written is not always as long as what was read.
    var reader = FrameReader(frameMax: 0)
    reader.append(octets)
    guard let again = try? reader.next(), again.kind == frame.kind, again.channel == frame.channel else {
        preconditionFailure("what was written is no frame")
    }
    return again
}

func seeds() -> [[UInt8]] { goldenFrames().map { [255] + $0 } + [[0] + Array(goldenFrames().joined())] }
